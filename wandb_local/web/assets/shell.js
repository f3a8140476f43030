// What the shell and the grids need in the browser. Logged text goes in as text, never as HTML.
window.dash_clientside = Object.assign({}, window.dash_clientside, {
    shell: {
        title: (title) => {
            document.title = title ? `${title} · wandb_local` : "wandb_local";
            return window.dash_clientside.no_update;
        },
        visit: (href) => {
            if (href) visit(href);
        },
    },
});

// To another page of ours: the address changes, the shell stays.
function visit(href) {
    window.history.pushState({}, "", href);
    window.dispatchEvent(new CustomEvent("_dashprivate_pushstate"));
    window.scrollTo(0, 0);
}

function follow(event, href) {
    if (event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    visit(href);
}

// Cells without a value stand below all others, whichever way a column is sorted; numbers before words.
(window.dashAgGridFunctions = window.dashAgGridFunctions || {}).missingLast = (one, other, _node, _other, descending) => {
    const rank = (value) => ["number", "boolean", "string"].indexOf(typeof value);
    if (one == null || other == null) return ((one == null) - (other == null)) * (descending ? -1 : 1);
    if (rank(one) !== rank(other)) return rank(one) - rank(other);
    return (one > other) - (one < other);
};

const components = (window.dashAgGridComponentFunctions = window.dashAgGridComponentFunctions || {});

components.Link = (props) => {
    const href = props.data && props.data[props.colDef.cellRendererParams.href];
    if (!href) return props.value ?? "";
    return React.createElement("a", { href, onClick: (event) => follow(event, href) }, props.value);
};

components.File = (props) => {
    const href = props.data.href;
    return href ? React.createElement("a", { href, target: "_blank", rel: "noopener" }, props.value) : props.value;
};

components.State = (props) => React.createElement("span", { className: `badge ${props.value}` }, props.value);
