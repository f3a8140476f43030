// What the colours of a cloud's points stand for, and their legend.
window.cloudColors = (() => {
    "use strict";
    // Fourteen classes, as W&B counts them from 1 on: the colours of Okabe and Ito without black, then seven that lie as far
    // as possible from those before them and from the ground. Any two are 16 apart or more in CIELAB, also as people with
    // protanopia, deuteranopia and tritanopia see them (Machado et al. 2009).
    const CLASSES = [
        "#e69f00", "#56b4e9", "#009e73", "#f0e442", "#0072b2", "#d55e00", "#cc79a7",
        "#ccffcc", "#9900ff", "#773300", "#99bb66", "#9977ff", "#00ffff", "#5533bb",
    ];
    const RAMP = ["#46327e", "#365c8d", "#277f8e", "#1fa187", "#4ac16d", "#a0da39", "#fde725"]; // viridis, which begins darker
    const MOST_LISTED = 20;
    const parts = (color) => [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16));
    const classColor = (value) => CLASSES[(((value - 1) % CLASSES.length) + CLASSES.length) % CLASSES.length];
    const text = (number) => Number(number.toPrecision(4)).toLocaleString("en", {maximumSignificantDigits: 4});

    // By what the points of a cloud can be coloured, the first one at first: [name, what a person reads].
    function ways({colors, classes}) {
        const first = [[colors, ["logged", "As logged"]], [classes, ["class", "By class"]]].filter(([has]) => has);
        return [...first.map(([, way]) => way), ["height", "By height"], ["distance", "By distance"]];
    }

    // The colours, three bytes a point, and the legend: {classes: [value, color, points]} or {ramp, low, high, of}.
    function shades(cloud, way, up) {
        if (way === "logged") return [cloud.colors, {}];
        if (way === "class") return byClass(cloud.classes);
        const [shades, meaning] = byNumber(numbers(cloud, way, up));
        return [shades, {...meaning, of: way === "height" ? `height (${up})` : "distance from the origin"}];
    }

    function byClass(classes) {
        const counts = new Map();
        for (const value of classes) counts.set(value, (counts.get(value) ?? 0) + 1);
        const known = new Map([...counts.keys()].map((value) => [value, parts(classColor(value))]));
        const shades = new Uint8Array(3 * classes.length);
        classes.forEach((value, at) => shades.set(known.get(value), 3 * at));
        return [shades, {classes: [...counts].sort(([a], [b]) => a - b).map(([value, count]) => [value, classColor(value), count])}];
    }

    function numbers({places, center}, way, up) {
        const [x, y, z] = center;
        const height = up === "y" ? (at) => places[at + 1] + y : (at) => places[at + 2] + z;
        const distance = (at) => Math.hypot(places[at] + x, places[at + 1] + y, places[at + 2] + z);
        const number = way === "height" ? height : distance;
        return Float64Array.from({length: places.length / 3}, (_, at) => number(3 * at));
    }

    // The ramp leads over all but the lowest and the highest hundredth: a few points far off would leave one colour to all.
    function byNumber(values) {
        const sorted = Float64Array.from(values).sort();
        const [low, high] = [0.01, 0.99].map((share) => sorted[Math.round(share * (sorted.length - 1))] ?? 0);
        const stops = RAMP.map(parts);
        const shades = new Uint8Array(3 * values.length);
        values.forEach((value, at) => {
            const share = high > low ? Math.min(Math.max((value - low) / (high - low), 0), 1) : 0.5;
            const stop = Math.min(Math.floor(share * (stops.length - 1)), stops.length - 2);
            const rest = share * (stops.length - 1) - stop;
            for (let part = 0; part < 3; part++) shades[3 * at + part] = stops[stop][part] + rest * (stops[stop + 1][part] - stops[stop][part]);
        });
        return [shades, {ramp: RAMP, low: text(low), high: text(high)}];
    }

    function legend({classes, ramp, low, high, of}) {
        const make = window.cloudElement;
        if (ramp) {
            const bar = make("span", {className: "cloud-ramp"});
            bar.style.background = `linear-gradient(to right, ${ramp.join()})`;
            return [make("span", {className: "cloud-scale"}, `${of} ${low}`, bar, high)];
        }
        if (!classes) return [];
        const listed = classes.slice(0, MOST_LISTED).map(([value, color, count]) => {
            const swatch = make("span", {className: "swatch"});
            swatch.style.background = color;
            return make("li", {}, swatch, `class ${value}: ${count.toLocaleString("en")}`);
        });
        const more = classes.length - listed.length;
        if (more > 0) listed.push(make("li", {}, `and ${more} more`));
        return [make("ul", {className: "classes"}, ...listed)];
    }

    return {ways, shades, legend, text};
})();
