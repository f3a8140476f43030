// What the artifact pages need in the browser.
window.dash_clientside = Object.assign({}, window.dash_clientside, {
    artifact: {
        // The picture gets the size of the graph that is in it, and shows the version itself first.
        reveal: (id) => {
            measure(document.getElementById(id), 600);
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
    const [box, edge] = [cy.elements().boundingBox(), 24];
    const width = Math.max(box.w + 2 * edge, frame.clientWidth);
    graph.style.width = `${width}px`;
    graph.style.height = `${box.h + 2 * edge}px`;
    cy.resize();
    cy.viewport({ zoom: 1, pan: { x: (width - box.w) / 2 - box.x1, y: edge - box.y1 } });
    const here = cy.nodes(".here").renderedPosition();
    frame.scrollLeft = here.x - frame.clientWidth / 2;
    frame.scrollTop = here.y - frame.clientHeight / 2;
}

// How a grid shows what kind of change there was, and a link that downloads.
window.dashAgGridComponentFunctions = Object.assign(window.dashAgGridComponentFunctions || {}, {
    Change: (props) => React.createElement("span", { className: `artifact-change ${props.value}` }, props.value),
    Download: (props) =>
        props.value ? React.createElement("a", { href: props.value, download: "" }, "download") : null,
});
