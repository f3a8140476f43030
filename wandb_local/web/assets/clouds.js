// Point clouds on a page: each element with `data-cloud`, the address of its numbers, becomes a viewer once it is seen.
window.cloudElement = (tag, attributes, ...content) => {
    const element = Object.assign(document.createElement(tag), attributes);
    element.append(...content);
    return element;
};
window.clouds = (() => {
    "use strict";
    const make = window.cloudElement;
    const UPS = [["y", "y"], ["z", "z"]];
    const KEYS = "Drag or arrow keys turn, with Shift they move. Plus and minus zoom, so does the wheel after a click. 0 shows all again.";
    const count = (number, one, many = `${one}s`) => `${number.toLocaleString("en")} ${number === 1 ? one : many}`;
    const held = new Map(); // the clouds of this page by the elements that show them

    const near = new IntersectionObserver((entries) => {
        for (const {target, isIntersecting} of entries) {
            if (!isIntersecting) continue;
            near.unobserve(target);
            load(target);
        }
    }, {rootMargin: "200px"});

    // What a page may call again and again: an element that shows its cloud already is left alone.
    function show(place) {
        for (const [other, cloud] of held) if (!other.isConnected) drop(other, cloud);
        if (place.address === place.dataset.cloud) return;
        drop(place, held.get(place));
        place.address = place.dataset.cloud;
        place.replaceChildren(said("Loading…"));
        near.observe(place);
    }

    function drop(place, cloud) {
        if (cloud) window.cloudPoints.forget(cloud);
        held.delete(place);
    }

    const said = (text) => make("p", {className: "soft"}, text);

    async function load(place) {
        const {address} = place;
        if (!window.cloudPoints.ready()) return place.replaceChildren(said("This browser has no WebGL, so it cannot draw the cloud."));
        const cloud = await fetch(address).then(read).catch(() => ({fault: "The cloud could not be loaded."}));
        if (place.address !== address || !place.isConnected) return;
        if (cloud.fault) {
            if (!cloud.read) place.address = null; // asked again when the server is back
            return place.replaceChildren(said(cloud.fault));
        }
        if (!cloud.drawn && !cloud.boxes.length && !cloud.vectors.length) return place.replaceChildren(said(`This cloud has ${points(cloud)}.`));
        held.set(place, cloud);
        place.replaceChildren(...viewer(cloud, place.dataset.title, kept(place)));
    }

    // The form of the answer is described in `web/cloud/answer.py`.
    async function read(answer) {
        if (!answer.ok) throw new Error(answer.status);
        const bytes = await answer.arrayBuffer();
        const length = new DataView(bytes).getUint32(0, true);
        const head = JSON.parse(new TextDecoder().decode(new Uint8Array(bytes, 4, length)));
        if (head.fault) return {...head, read: true};
        const [start, points] = [4 + length, head.drawn];
        const colors = head.colors && new Uint8Array(bytes, start + 12 * points, 3 * points);
        const classes = head.classes && new Int16Array(bytes, start + 12 * points, points);
        return {...head, places: new Float32Array(bytes, start, 3 * points), colors, classes};
    }

    // How a visitor looks at the clouds of a card or of a row; those of the next step or row appear in the same way.
    function kept(place) {
        const around = place.closest(".media, #table-fields");
        const at = [...around.querySelectorAll("[data-cloud]")].indexOf(place);
        return ((around.kept ??= [])[at] ??= {eye: window.cloudCamera.first()});
    }

    function viewer(cloud, title, kept) {
        const canvas = make("canvas", {tabIndex: 0, className: "cloud-canvas", title: KEYS});
        canvas.setAttribute("role", "application");
        canvas.setAttribute("aria-label", `${title}: ${points(cloud)}. ${KEYS}`);
        const view = window.cloudView(canvas, cloud, kept.eye);
        const legend = make("div", {className: "cloud-legend"});
        const color = select("Colour", window.cloudColors.ways(cloud), kept.color);
        const up = select("Up", UPS, kept.up);
        const paint = () => {
            view.up = up.field.value;
            const [shades, meaning] = window.cloudColors.shades(cloud, color.field.value, view.up);
            cloud.shades = shades;
            legend.replaceChildren(...(cloud.drawn ? window.cloudColors.legend(meaning) : []));
            view.redraw();
        };
        const change = () => {
            Object.assign(kept, {color: color.field.value, up: up.field.value});
            paint();
        };
        color.field.addEventListener("change", change);
        up.field.addEventListener("change", change);
        paint();
        const buttons = [["+", "Nearer", () => view.zoom(1.25)], ["−", "Farther", () => view.zoom(0.8)], ["Reset", "Reset the view", view.reset]];
        const bar = make("div", {className: "cloud-bar"}, color.label, up.label, ...buttons.map(button));
        return [canvas, bar, make("p", {className: "soft cloud-count"}, make("span", {}, points(cloud)), ...extent(cloud)), legend, ...boxes(cloud)];
    }

    function select(name, options, chosen) {
        const field = make("select", {}, ...options.map(([value, text]) => make("option", {value, selected: value === chosen}, text)));
        return {field, label: make("label", {}, `${name} `, field)};
    }

    function button([text, says, act]) {
        const made = make("button", {type: "button", className: "quiet"}, text);
        made.setAttribute("aria-label", says);
        made.addEventListener("click", act);
        return made;
    }

    function points({drawn, logged, lost}) {
        const shown = drawn + lost < logged ? `${drawn.toLocaleString("en")} of ${count(logged, "point")} are drawn` : count(drawn, "point");
        return lost ? `${shown}; ${lost.toLocaleString("en")} without a finite place` : shown;
    }

    function extent({extent: axes}) {
        const {text} = window.cloudColors;
        return axes.map(([low, high], at) => make("span", {}, `${"xyz"[at]} ${text(low)} to ${text(high)}`));
    }

    function boxes({boxes: all, vectors, lost_boxes: lost}) {
        const items = all.map(({color, text}, at) => {
            const swatch = make("span", {className: "swatch"});
            swatch.style.background = color;
            return make("li", {}, swatch, text || `box ${at + 1}`);
        });
        const what = [count(all.length, "box", "boxes"), count(vectors.length, "vector")].filter((text) => !text.startsWith("0 ")).join(", ");
        const list = make("details", {open: all.length <= 12}, make("summary", {}, what), make("ul", {className: "classes"}, ...items));
        const left = said(`Boxes and vectors that are left out, because they are damaged or too many: ${lost.toLocaleString("en")}`);
        return [...(what ? [list] : []), ...(lost ? [left] : [])];
    }

    window.addEventListener("server-back", () => document.querySelectorAll("[data-cloud]").forEach(show));

    return {show};
})();
