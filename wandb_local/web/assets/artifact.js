// What the artifact pages need in the browser.
window.dash_clientside = Object.assign({}, window.dash_clientside, {
    artifact: {
        // A lineage that is wider than the window shows the version in its middle first.
        reveal: (id) => {
            const canvas = document.getElementById(id);
            canvas.scrollLeft = canvas.scrollWidth * canvas.dataset.place - canvas.clientWidth / 2;
            canvas.scrollTop = (canvas.scrollHeight - canvas.clientHeight) / 2;
            return window.dash_clientside.no_update;
        },
    },
});

// How a grid shows what kind of change there was, and a link that downloads.
window.dashAgGridComponentFunctions = Object.assign(window.dashAgGridComponentFunctions || {}, {
    Change: (props) => React.createElement("span", { className: `artifact-change ${props.value}` }, props.value),
    Download: (props) =>
        props.value ? React.createElement("a", { href: props.value, download: "" }, "download") : null,
});
