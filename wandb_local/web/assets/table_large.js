// One row large: its pictures beside each other, one pane an overlay set, that zoom and move together.
window.tableLarge = (() => {
    "use strict";
    const overlay = window.tableCompose;
    const MOST_ZOOM = 40;
    const FIELDS = 205; // pixels in height that the cells of the row have at least below its pictures, with the gap
    // zoom 1 shows a picture whole; x and y are the point in the middle, as shares of width and height
    const eye = {zoom: 1, x: 0.5, y: 0.5};
    let panes = [];
    let shown = 0; // counts rows, so that a slow picture of an earlier row is not drawn
    let record = null;

    async function show(next) {
        const turn = ++shown;
        record = next;
        window.tableFields(record ? record.fields : []);
        if (!record) return clear();
        const made = await Promise.all(record.pictures.map(load));
        if (turn !== shown) return;
        if (Number(document.getElementById("table-panes")?.dataset.row ?? NaN) !== record.row) whole();
        arrange(made);
        for (const near of record.near) load(near); // so that the next row is there at once
    }

    async function load(entry) {
        const names = Object.keys(entry.masks);
        const failed = () => null;
        const [source, ...masks] = await Promise.all([
            entry.url ? overlay.picture(entry.url).catch(failed) : null,
            ...names.map((name) => overlay.mask(entry.masks[name]).catch(failed)),
        ]);
        return {entry, source, masks: Object.fromEntries(names.map((name, at) => [name, masks[at]]))};
    }

    function clear() {
        panes = [];
        const stage = document.getElementById("table-panes");
        stage?.replaceChildren();
        stage?.parentElement.classList.remove("table-below");
    }

    function arrange(loaded) {
        clear();
        const stage = document.getElementById("table-panes");
        if (!stage) return;
        for (const {entry, source, masks} of loaded) {
            for (const set of overlay.panes(masks, entry.boxes)) {
                const figure = document.createElement("figure");
                const caption = document.createElement("figcaption");
                caption.textContent = [entry.column, set, entry.caption].filter(Boolean).join(" · ");
                figure.append(caption);
                stage.append(figure);
                if (!source) {
                    figure.append("This picture cannot be shown.");
                    continue;
                }
                const target = overlay.canvas(1, 1);
                target.setAttribute("role", "img");
                target.setAttribute("aria-label", caption.textContent);
                figure.append(target);
                const pane = {target, source, masks, boxes: entry.boxes, set, layer: null};
                if (masks[set]) pane.layer = overlay.layer(masks[set].width, masks[set].height);
                panes.push(pane);
                listen(pane);
            }
        }
        stage.loaded = loaded;
        stage.dataset.row = record.row;
        resize();
    }

    // Give the panes the columns that make the pictures largest, with the cells of the row beside or below them.
    function resize() {
        const stage = document.getElementById("table-panes");
        if (!stage || !panes.length || !stage.clientWidth) return;
        const ratio = panes[0].source.width / panes[0].source.height;
        const narrow = getComputedStyle(stage).getPropertyValue("--one-column"); // the page is as long as the pictures are
        stage.parentElement.classList.remove("table-below"); // below, clouds make the row as high as they are
        const room = narrow ? Infinity : stage.parentElement.clientHeight;
        const ways = [false, true].map((below) => {
            stage.parentElement.classList.toggle("table-below", below);
            const high = room - (below ? FIELDS : 0);
            return window.tableFitted(stage.children.length, stage.clientWidth, high, ratio, 8, 22);
        });
        const below = ways[1].width > ways[0].width || (ways[1].columns > ways[0].columns && ways[1].width >= 0.9 * ways[0].width);
        stage.parentElement.classList.toggle("table-below", below);
        const best = ways[Number(below)];
        const width = Math.max(60, best.width);
        stage.style.gridTemplateColumns = `repeat(${best.columns}, ${width}px)`;
        const dense = window.devicePixelRatio || 1;
        for (const pane of panes) {
            const height = Math.round((width * pane.source.height) / pane.source.width);
            pane.target.style.width = `${width}px`;
            pane.target.style.height = `${height}px`;
            pane.target.width = width * dense;
            pane.target.height = height * dense;
        }
        recolor();
    }

    // What is switched on has changed: other panes, or other colours.
    function refresh() {
        const stage = document.getElementById("table-panes");
        if (!stage?.loaded || !record) return;
        const wanted = stage.loaded.flatMap(({entry, source, masks}) => (source ? overlay.panes(masks, entry.boxes) : []));
        if (wanted.join("\n") !== panes.map((pane) => pane.set).join("\n")) arrange(stage.loaded);
        else recolor();
    }

    function recolor() {
        for (const pane of panes) {
            if (pane.layer) pane.layer.paint(pane.masks[pane.set].index, overlay.state.palettes[pane.set]);
        }
        redraw();
    }

    function redraw() {
        const dense = window.devicePixelRatio || 1;
        for (const {target, source, layer, boxes, set} of panes) {
            const context = target.getContext("2d");
            const [width, height] = [eye.zoom * target.width, eye.zoom * target.height];
            const [left, top] = [target.width / 2 - eye.x * width, target.height / 2 - eye.y * height];
            target.style.touchAction = eye.zoom > 1 ? "none" : "pan-y"; // a finger on a whole picture moves the page
            context.clearRect(0, 0, target.width, target.height);
            context.globalAlpha = 1;
            context.imageSmoothingEnabled = width < 2 * source.width;
            context.drawImage(source.bitmap, left, top, width, height);
            if (layer) {
                context.globalAlpha = overlay.state.opacity;
                context.imageSmoothingEnabled = false;
                context.drawImage(layer.canvas, left, top, width, height);
            }
            if (!set || !boxes[set]) continue;
            const frame = {left, top, width, height, columns: source.width, rows: source.height};
            window.tableBoxes.draw(context, boxes[set], overlay.state.boxes[set], frame, 2 * dense, 12 * dense);
        }
    }

    // The point under the pointer, as shares of the picture's width and height.
    function point(event, target) {
        const box = target.getBoundingClientRect();
        return {
            x: eye.x + ((event.clientX - box.left) / box.width - 0.5) / eye.zoom,
            y: eye.y + ((event.clientY - box.top) / box.height - 0.5) / eye.zoom,
        };
    }

    function zoom(factor, at = {x: eye.x, y: eye.y}) {
        const before = eye.zoom;
        eye.zoom = Math.min(Math.max(eye.zoom * factor, 1), MOST_ZOOM);
        const kept = before / eye.zoom; // the point under the pointer stays there
        move(at.x + (eye.x - at.x) * kept, at.y + (eye.y - at.y) * kept);
    }

    function move(x, y) {
        const margin = 0.5 / eye.zoom;
        eye.x = Math.min(Math.max(x, margin), 1 - margin);
        eye.y = Math.min(Math.max(y, margin), 1 - margin);
        redraw();
    }

    // Another row begins whole: what is worth a look lies elsewhere in it.
    function whole() {
        Object.assign(eye, {zoom: 1, x: 0.5, y: 0.5});
    }

    function fit() {
        whole();
        redraw();
    }

    function listen(pane) {
        const {target} = pane;
        target.addEventListener("wheel", (event) => {
            event.preventDefault();
            zoom(Math.exp(-event.deltaY / 300), point(event, target));
        }, {passive: false});
        target.addEventListener("dblclick", fit);
        target.addEventListener("pointerdown", (event) => target.setPointerCapture(event.pointerId));
        target.addEventListener("pointermove", (event) => {
            if (event.buttons & 1) {
                const box = target.getBoundingClientRect();
                move(eye.x - event.movementX / box.width / eye.zoom, eye.y - event.movementY / box.height / eye.zoom);
            }
            read(pane, point(event, target));
        });
        target.addEventListener("pointerleave", () => read(pane, null));
    }

    // Say which class every mask has under the pointer, and which boxes of the pane are there.
    function read(pane, at) {
        const names = at ? Object.keys(pane.masks) : [];
        const parts = names.map((name) => {
            const mask = pane.masks[name];
            if (!mask) return "";
            const column = Math.min(Math.floor(at.x * mask.width), mask.width - 1);
            const row = Math.min(Math.floor(at.y * mask.height), mask.height - 1);
            const value = mask.index[row * mask.width + column];
            return `${name}: ${overlay.state.labels[name]?.[value] ?? value}`;
        });
        const boxes = (at && pane.set && pane.boxes[pane.set]) || [];
        if (boxes.length) parts.push(...window.tableBoxes.at(boxes, overlay.state.boxes[pane.set], at, pane.source));
        const readout = document.getElementById("table-readout");
        if (readout) readout.textContent = parts.filter(Boolean).join(" · ");
    }

    overlay.watchers.add(refresh);
    window.addEventListener("resize", resize);
    return {show, resize, zoom, fit};
})();
