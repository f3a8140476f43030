// The masks over a run's pictures: the one that is chosen is drawn in the colours of its classes.
window.dash_clientside = Object.assign({}, window.dash_clientside, {
    gallery: {
        paint: (_views, name, opacity) => {
            window.requestAnimationFrame(() => {
                for (const element of document.querySelectorAll(".masked")) paintMask(element, name, opacity);
            });
            return window.dash_clientside.no_update;
        },
    },
});

async function paintMask(element, name, opacity) {
    const canvas = element.querySelector("canvas");
    const chosen = JSON.parse(element.dataset.masks)[name];
    canvas.style.opacity = opacity / 100;
    canvas.hidden = !chosen;
    if (!chosen) return;
    element.dataset.shown = chosen.url;
    const { width, height, index } = await window.tableCompose.mask(chosen.url);
    if (element.dataset.shown !== chosen.url) return; // another one was chosen meanwhile
    canvas.width = width;
    canvas.height = height;
    const colors = chosen.colors.map((color) => parseInt(`ff${color.slice(5, 7)}${color.slice(3, 5)}${color.slice(1, 3)}`, 16));
    const layer = window.tableCompose.layer(width, height);
    layer.paint(index, Uint32Array.from(colors));
    canvas.getContext("2d").drawImage(layer.canvas, 0, 0);
    canvas.dataset.painted = name;
}
