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

// The pages write times as the reader's clock shows them (times.py).
document.cookie = `wandb_local_zone=${encodeURIComponent(Intl.DateTimeFormat().resolvedOptions().timeZone)}; path=/; SameSite=Strict`;

const functions = (window.dashAgGridFunctions = window.dashAgGridFunctions || {});

// What a cell shows: a number with the digits that count, or what the server says.
functions.shown = ({ data, value, colDef }) => {
    const given = data?.shown?.[colDef.field];
    if (given !== undefined) return given;
    if (typeof value === "number" && !Number.isInteger(value)) {
        const short = Number(value.toPrecision(6));
        return Math.abs(short) < 1e-4 ? short.toExponential() : String(short);
    }
    return value == null ? "" : String(value);
};

// All of it, where a cell shows less or may cut it off.
functions.exact = (params) => {
    const { data, value, colDef } = params;
    const all = data?.exact?.[colDef.field] ?? (value == null ? null : String(value));
    return typeof value === "number" && all === functions.shown(params) ? null : all;
};

// The day of a time, which the date filter compares.
functions.day = ({ data, column, colDef }) => {
    const seconds = data?.[colDef?.field ?? column.getColDef().field];
    return seconds == null ? null : new Date(new Date(seconds * 1000).setHours(0, 0, 0, 0));
};

// Cells without a value stand below all others, whichever way a column is sorted; numbers before words, v9 before v10.
const alphabet = new Intl.Collator(undefined, { numeric: true });
functions.missingLast = (one, other, _node, _other, descending) => {
    const rank = (value) => ["number", "boolean", "string"].indexOf(typeof value);
    if (one == null || other == null) return ((one == null) - (other == null)) * (descending ? -1 : 1);
    if (rank(one) !== rank(other)) return rank(one) - rank(other);
    if (typeof one === "string") return alphabet.compare(one, other);
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

components.State = ({ value, data }) => {
    if (value == null) return "";
    const badge = React.createElement("span", { className: `badge ${value}`, key: "badge" }, value);
    return data?.quiet ? [badge, " ", React.createElement("span", { className: "soft", key: "quiet" }, data.quiet)] : badge;
};
