// Pictures with class-index masks and boxes over them, composed here: a mask is decoded once into an array of class indices,
// and a palette of 256 colours turns the array into an overlay, so that a class is switched without fetching anything.
window.tableCompose = (() => {
    "use strict";
    const THUMB = {width: 144, height: 108};
    const GAP = 6;
    const MOST_THUMBS = 4; // pictures of a cell

    // Things that were fetched, by address; what was used longest ago goes first when they take more than `limit` bytes.
    class Recent {
        constructor(limit) {
            this.limit = limit;
            this.size = 0;
            this.kept = new Map();
        }
        get(key, make) {
            let entry = this.kept.get(key);
            if (entry) this.kept.delete(key);
            else {
                entry = {bytes: 0, promise: make()};
                entry.promise.then((made) => this.weigh(key, entry, made.bytes), () => this.drop(key, entry));
            }
            this.kept.set(key, entry);
            return entry.promise;
        }
        weigh(key, entry, bytes) {
            if (this.kept.get(key) !== entry) return;
            entry.bytes = bytes;
            this.size += bytes;
            for (const [other, old] of this.kept) {
                if (this.size <= this.limit) break;
                if (other !== key && old.bytes) this.drop(other, old);
            }
        }
        drop(key, entry) {
            if (this.kept.get(key) !== entry) return;
            this.kept.delete(key);
            this.size -= entry.bytes;
        }
    }

    const whole = new Recent(192 << 20);
    const small = new Recent(64 << 20);

    async function decode(url) {
        const response = await fetch(url);
        if (!response.ok) throw new Error(`${url}: ${response.status}`);
        return createImageBitmap(await response.blob(), {premultiplyAlpha: "none", colorSpaceConversion: "none"});
    }

    // {width, height, bitmap} of a picture
    const picture = (url) =>
        whole.get(url, async () => {
            const bitmap = await decode(url);
            return {bitmap, width: bitmap.width, height: bitmap.height, bytes: bitmap.width * bitmap.height * 4};
        });

    // {width, height, index} of a mask: the class of each pixel, row by row
    const mask = (url) =>
        whole.get(url, async () => {
            const bitmap = await decode(url);
            const {width, height} = bitmap;
            const context = canvas(width, height).getContext("2d", {willReadFrequently: true});
            context.drawImage(bitmap, 0, 0);
            bitmap.close();
            const pixels = new Uint32Array(context.getImageData(0, 0, width, height).data.buffer);
            const index = new Uint8Array(pixels.length);
            for (let at = 0; at < index.length; at++) index[at] = pixels[at] & 255; // red comes first
            return {width, height, index, bytes: index.length};
        });

    function canvas(width, height) {
        const made = document.createElement("canvas");
        made.width = width;
        made.height = height;
        return made;
    }

    // What is switched on: names of overlay sets in their order, for each set a palette for its masks and the classes of
    // its boxes, and how strong masks are (0 to 1).
    const state = {sets: [], palettes: {}, labels: {}, boxes: {}, opacity: 0.6};
    const watchers = new Set();

    function show(sets, shown, classes, opacity, distinct) {
        const on = new Set(classes);
        state.sets = sets.map((set) => set.name).filter((name) => shown.includes(name));
        for (const set of sets) {
            const palette = new Uint32Array(256);
            state.labels[set.name] = [];
            for (const [value, name, logged, apart] of set.classes) {
                state.labels[set.name][value] = name;
                if (on.has(name)) palette[value] = rgba(distinct ? apart : logged);
            }
            state.palettes[set.name] = palette;
            const boxes = set.boxes.filter(([, name]) => on.has(name));
            state.boxes[set.name] = Object.fromEntries(
                boxes.map(([value, name, logged, apart]) => [value, {name, color: distinct ? apart : logged}]),
            );
        }
        state.opacity = opacity / 100;
        redraw();
    }

    function redraw() {
        for (const watcher of watchers) watcher();
    }

    // #rrggbb or #rrggbbaa as the four bytes of a pixel
    function rgba(color) {
        const [red, green, blue, opacity = 255] = color.slice(1).match(/../g).map((byte) => parseInt(byte, 16));
        return ((opacity << 24) | (blue << 16) | (green << 8) | red) >>> 0;
    }

    // A canvas that shows a mask: `paint` gives its classes the colours of a palette.
    function layer(width, height) {
        const target = canvas(width, height);
        const context = target.getContext("2d");
        const image = context.createImageData(width, height);
        const pixels = new Uint32Array(image.data.buffer);
        const paint = (index, palette) => {
            for (let at = 0; at < pixels.length; at++) pixels[at] = palette[index[at]];
            context.putImageData(image, 0, 0);
        };
        return {canvas: target, paint};
    }

    // The sets that a picture is shown with, each in a pane of its own; [null]: the picture alone.
    function panes(masks, boxes) {
        const found = state.sets.filter((name) => masks[name] || boxes[name]);
        return found.length ? found : [null];
    }

    // A picture and its masks, all shrunk to one small size.
    const thumb = (entry) =>
        small.get(JSON.stringify([entry.url, entry.masks]), async () => {
            const source = await picture(entry.url);
            const scale = Math.min(THUMB.width / source.width, THUMB.height / source.height);
            const base = canvas(Math.max(1, Math.round(source.width * scale)), Math.max(1, Math.round(source.height * scale)));
            const context = base.getContext("2d");
            context.imageSmoothingQuality = "medium";
            context.drawImage(source.bitmap, 0, 0, base.width, base.height);
            const masks = {};
            for (const [name, url] of Object.entries(entry.masks)) {
                masks[name] = await mask(url).then((full) => shrink(full, base.width, base.height), () => null);
            }
            const bytes = base.width * base.height * (12 + Object.keys(masks).length);
            const size = {columns: source.width, rows: source.height};
            return {base, masks, size, layer: layer(base.width, base.height), bytes};
        });

    function shrink({width, height, index}, columns, rows) {
        const small = new Uint8Array(columns * rows);
        for (let row = 0; row < rows; row++) {
            const from = Math.floor(((row + 0.5) * height) / rows) * width;
            for (let column = 0; column < columns; column++) {
                small[row * columns + column] = index[from + Math.floor(((column + 0.5) * width) / columns)];
            }
        }
        return small;
    }

    // Fill an element with the thumbnails of pictures and keep them as they are switched; answers a function to stop.
    function thumbnails(element, pictures) {
        let stopped = false;
        let tiles = [];
        let forget = () => {};
        const resized = new ResizeObserver(() => arrange(element, tiles));
        resized.observe(element);
        const loaded = Promise.all(
            pictures.slice(0, MOST_THUMBS).map(async (entry) => ({entry, data: entry.url && (await thumb(entry).catch(() => null))})),
        );
        loaded.then((all) => {
            const names = ({entry, data}) => (data ? panes(entry.masks, entry.boxes) : [null]);
            const draw = () => {
                if (stopped || !element.offsetParent) return; // what is hidden is drawn when it is shown again
                const wanted = all.flatMap((each) => names(each).map((name) => ({data: each.data, boxes: each.entry.boxes[name], name})));
                if (wanted.map(({name}) => name).join("\n") !== tiles.map(({name}) => name).join("\n") || !tiles.length) {
                    tiles = wanted.map(({data, name, boxes}) => tile(data, name, boxes));
                    const left = pictures.length - all.length;
                    element.replaceChildren(...tiles.map(({figure}) => figure), left ? `+${left}` : "");
                    arrange(element, tiles);
                }
                for (const each of tiles) fill(each);
            };
            watchers.add(draw);
            draw();
            forget = () => watchers.delete(draw);
            if (stopped) forget();
        });
        return () => {
            stopped = true;
            resized.disconnect();
            forget();
        };
    }

    // Make all tiles of a cell fit into it, beside and below each other, and none larger than it was drawn.
    function arrange(element, tiles) {
        const drawn = tiles.flatMap(({data}) => (data ? [data.base] : []));
        if (!drawn.length || !element.clientWidth) return;
        const most = Math.max(...drawn.map(({width}) => width));
        const ratio = most / Math.max(...drawn.map(({height}) => height));
        const {columns, width} = window.tableFitted(tiles.length, element.clientWidth, element.clientHeight, ratio, GAP, 0);
        const scale = Math.min(1, width / most);
        element.style.gridTemplateColumns = `repeat(${columns}, auto)`;
        for (const {figure, data} of tiles) if (data) figure.firstChild.style.width = `${data.base.width * scale}px`;
    }

    function tile(data, name, boxes) {
        const figure = document.createElement("span");
        figure.className = "table-tile";
        if (!data) {
            figure.textContent = "not shown";
            return {figure, data, name};
        }
        const target = canvas(data.base.width, data.base.height);
        figure.append(target);
        if (name) {
            const title = document.createElement("span");
            title.textContent = name;
            figure.append(title);
        }
        return {figure, data, name, boxes, context: target.getContext("2d")};
    }

    function fill({context, data, name, boxes}) {
        if (!data) return;
        context.globalAlpha = 1;
        context.clearRect(0, 0, data.base.width, data.base.height);
        context.drawImage(data.base, 0, 0);
        if (name && data.masks[name]) {
            data.layer.paint(data.masks[name], state.palettes[name]);
            context.globalAlpha = state.opacity;
            context.drawImage(data.layer.canvas, 0, 0);
        }
        const {width, height} = data.base;
        if (name && boxes) window.tableBoxes.draw(context, boxes, state.boxes[name], {left: 0, top: 0, width, height, ...data.size}, 1, 0);
    }

    return {state, show, redraw, watchers, picture, mask, canvas, layer, panes, thumbnails};
})();
