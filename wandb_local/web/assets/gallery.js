// What the browser draws of a run's media: point clouds, and what lies over pictures: the mask that is chosen, and the boxes,
// in the colours of their classes.
window.dash_clientside = Object.assign({}, window.dash_clientside, {
    gallery: {
        left: (chosen, keys) => {
            const [shown, all] = [chosen?.length ?? 0, keys?.length ?? 0];
            return shown && shown < all ? `${shown} of ${all} kinds of media are shown. Choose other kinds above.` : "";
        },
        paint: (_views, mask, opacity, boxes) => {
            window.requestAnimationFrame(() => {
                for (const cloud of document.querySelectorAll("[data-cloud]")) window.clouds.show(cloud);
                for (const element of document.querySelectorAll(".overlaid")) {
                    const overlays = JSON.parse(element.dataset.overlays);
                    paintMask(element.querySelector("canvas.mask"), mask, overlays.masks[mask], opacity);
                    const shown = (boxes ?? []).filter((name) => overlays.boxes[name]).map((name) => ({ name, ...overlays.boxes[name] }));
                    paintBoxes(element.querySelector("canvas.boxes"), element.querySelector("img"), shown);
                }
            });
            return window.dash_clientside.no_update;
        },
    },
});

async function paintMask(canvas, name, chosen, opacity) {
    canvas.style.opacity = opacity / 100;
    canvas.hidden = !chosen;
    canvas.wanted = chosen;
    if (!chosen) return;
    const { width, height, index } = await window.tableCompose.mask(chosen.url);
    if (canvas.wanted !== chosen) return; // another one was chosen meanwhile
    canvas.width = width;
    canvas.height = height;
    const colors = chosen.colors.map((color) => parseInt(`ff${color.slice(5, 7)}${color.slice(3, 5)}${color.slice(1, 3)}`, 16));
    const layer = window.tableCompose.layer(width, height);
    layer.paint(index, Uint32Array.from(colors));
    canvas.getContext("2d").drawImage(layer.canvas, 0, 0);
    canvas.dataset.painted = name;
}

async function paintBoxes(canvas, image, sets) {
    canvas.hidden = !sets.length;
    canvas.wanted = sets;
    if (!sets.length) return;
    const loaded = await image.decode().then(() => true, () => false);
    if (!loaded || canvas.wanted !== sets) return;
    const [columns, rows] = [image.naturalWidth, image.naturalHeight];
    const dense = window.devicePixelRatio || 1;
    const shown = Math.min(image.clientWidth, (image.clientHeight * columns) / rows) || columns; // as wide as one sees it
    canvas.width = shown * dense;
    canvas.height = (shown * dense * rows) / columns;
    const frame = { left: 0, top: 0, width: canvas.width, height: canvas.height, columns, rows };
    for (const { name, boxes, classes } of sets) {
        const which = sets.length > 1 ? `${name}: ` : "";
        window.tableBoxes.draw(canvas.getContext("2d"), boxes, classes, frame, 2 * dense, 11 * dense, which);
    }
    canvas.dataset.painted = sets.map(({ name }) => name).join();
}
