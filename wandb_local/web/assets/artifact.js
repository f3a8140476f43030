// What the artifact pages need in the browser.
window.dash_clientside = Object.assign({}, window.dash_clientside, {
    artifact: {
        // The picture shows all of the graph, or where a visitor asks for it a part in full size: the version first.
        reveal: (id, clicks) => {
            const frame = document.getElementById(id);
            frame.whole = !((clicks ?? 0) % 2);
            measure(frame, 600);
            frame.watched ??= new ResizeObserver(() => measure(frame, 0));
            frame.watched.observe(frame);
            return window.dash_clientside.no_update;
        },
    },
});

function measure(frame, tries) {
    const graph = document.getElementById("artifact-graph");
    const cy = graph?._cyreg?.cy;
    if (!cy || !cy.nodes().length) {
        if (tries) window.requestAnimationFrame(() => measure(frame, tries - 1));
        return;
    }
    const [box, edge, most] = [cy.elements().boundingBox(), 24, 0.7 * window.innerHeight]; // as `max-height` has it
    const [width, height] = [box.w + 2 * edge, box.h + 2 * edge];
    const fitting = Math.min(1, frame.clientWidth / width, most / height);
    const zoom = frame.whole ? fitting : 1;
    const shown = Math.max(width * zoom, frame.clientWidth);
    graph.style.width = `${shown}px`;
    graph.style.height = `${height * zoom}px`;
    cy.resize();
    cy.viewport({ zoom, pan: { x: (shown - box.w * zoom) / 2 - box.x1 * zoom, y: (edge - box.y1) * zoom } });
    const here = cy.nodes(".here").renderedPosition();
    frame.scrollLeft = here.x - frame.clientWidth / 2;
    frame.scrollTop = here.y - frame.clientHeight / 2;
    const button = document.getElementById("artifact-size");
    button.hidden = fitting === 1;
    button.textContent = frame.whole ? "Full size" : "All of it";
}

// How a grid shows what kind of change there was, and a link that downloads.
window.dashAgGridComponentFunctions = Object.assign(window.dashAgGridComponentFunctions || {}, {
    Change: (props) => React.createElement("span", { className: `artifact-change ${props.value}` }, props.value),
    Download: (props) =>
        props.value ? React.createElement("a", { href: props.value, download: "" }, "download") : null,
});
