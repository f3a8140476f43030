// The table page: cells of the grid, keys, and the address that shows the same view again.
(() => {
    "use strict";
    const overlay = window.tableCompose;
    const large = window.tableLarge;
    const h = React.createElement;
    const set = (id, props) => window.dash_clientside.set_props(id, props);
    const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);
    const NONE = window.dash_clientside.no_update;

    const open = (row) => set("table-row", {data: row});

    const components = (window.dashAgGridComponentFunctions = window.dashAgGridComponentFunctions || {});

    components.TableOpen = ({data}) =>
        data
            ? h("button", {className: "table-open", tabIndex: -1, "aria-label": `Row ${data.id + 1} large`, onClick: () => open(data.id)}, data.id + 1)
            : null;

    components.TableCell = ({value, data}) => {
        if (value === undefined || value === null || value === "") return data ? h("span", {className: "table-none"}, "–") : null;
        if (Array.isArray(value)) return h(Thumbnails, {pictures: value, row: data.id});
        if (typeof value === "object") {
            return value.href ? h("a", {href: value.href, target: "_blank", rel: "noopener", title: value.path}, value.text) : `${value.text}: not stored`;
        }
        return h("span", {title: value.length > 12 ? value : undefined}, value);
    };

    function Thumbnails({pictures, row}) {
        const place = React.useRef(null);
        React.useEffect(() => overlay.thumbnails(place.current, pictures), [pictures]);
        return h("button", {className: "table-thumbs", tabIndex: -1, ref: place, "aria-label": `Row ${row + 1} large`, onClick: () => open(row)});
    }

    // The grid's own interface, once it is there.
    const grid = (then) => window.dash_ag_grid?.getApiAsync?.("table-grid").then(then);

    let record = null;

    // Steps wait for the row that the one before them leads to, so that keys can be pressed faster than rows arrive.
    const steps = [];
    let asked = null;

    function step(way) {
        steps.push(way);
        walk();
    }

    function walk() {
        if (!record || (asked !== null && asked !== record.row)) return;
        asked = null;
        const way = steps.shift();
        if (!way) return;
        if (record[way] === null) return walk();
        asked = record[way];
        open(asked);
    }

    function halt() {
        steps.length = 0;
        asked = null;
    }

    function close() {
        const last = record;
        halt();
        open(null);
        if (!last || last.position === null) return;
        grid((api) => {
            api.ensureIndexVisible(last.position, "middle");
            api.setFocusedCell(last.position, "open");
        });
    }

    const TYPING = "input:not([type=checkbox]), select, textarea, [role=listbox], [role=combobox], [contenteditable]";

    document.addEventListener("keydown", (event) => {
        if (!document.getElementById("table-page") || event.ctrlKey || event.metaKey || event.altKey) return;
        if (!record) {
            const row = event.key === "Enter" && event.target.closest?.("#table-grid .ag-cell") && event.target.closest(".ag-row");
            if (row) grid((api) => open(api.getDisplayedRowAtIndex(Number(row.getAttribute("row-index")))?.data?.id ?? null));
            return;
        }
        if (event.target.closest?.(TYPING) && event.key !== "Escape") return;
        const actions = {
            ArrowLeft: () => step("previous"),
            ArrowRight: () => step("next"),
            Escape: close,
            "+": () => large.zoom(1.5),
            "-": () => large.zoom(1 / 1.5),
            0: large.fit,
        };
        if (!actions[event.key]) return;
        event.preventDefault();
        actions[event.key]();
    });

    // Double click on a class shows it alone.
    document.addEventListener("dblclick", (event) => {
        const label = event.target.closest?.("#table-classes label");
        if (!label) return;
        const name = label.textContent;
        set("table-classes", {value: [name]});
    });

    // The address of this page with some parameters changed; those that are null go.
    function address(changes) {
        const query = new URLSearchParams(window.location.search);
        for (const [name, value] of Object.entries(changes)) {
            if (value === null) query.delete(name);
            else query.set(name, value);
        }
        const text = query.toString();
        return window.location.pathname + (text ? `?${text}` : "");
    }

    window.dash_clientside = Object.assign({}, window.dash_clientside, {
        table: {
            // A filter or an order asks for the open row again; where none is open there is nothing to ask.
            ask: (row, applied, sort, asked) => {
                const next = row === null || row === undefined || applied === null ? null : [row, applied, sort];
                return same(next, asked ?? null) ? window.dash_clientside.no_update : next;
            },

            reload: () => void grid((api) => api.purgeInfiniteCache()),

            sorted: (request, sort, about) => {
                if (!request) return;
                const names = request.sortModel.map(({colId, sort}) => (sort === "desc" ? "-" : "") + about.columns[Number(colId.slice(1))]);
                if (!same(names, sort)) set("table-sort", {data: names});
            },

            columns: (shown, about) =>
                void grid((api) => {
                    const ids = (on) => about.columns.flatMap((name, at) => (shown.includes(name) === on ? [`c${at}`] : []));
                    api.setColumnsVisible(ids(true), true);
                    api.setColumnsVisible(ids(false), false);
                }),

            every: (_all, _none, options) => {
                const all = window.dash_clientside.callback_context.triggered_id.endsWith("-all");
                return all ? options.map((option) => option.value ?? option) : [];
            },

            require: (_has, _not, masks, name, filter) => {
                const quoted = (text) => `"${text.replace(/[\\"]/g, "\\$&")}"`;
                const negated = window.dash_clientside.callback_context.triggered_id === "table-has-not";
                const test = `${negated ? "not " : ""}has(${quoted(masks)}, ${quoted(name)})`;
                const before = /\bor\b/i.test(filter ?? "") ? `(${filter})` : filter;
                const whole = before?.trim() ? `${before} and ${test}` : test;
                return [whole, whole];
            },

            go: () => {
                const way = window.dash_clientside.callback_context.triggered_id;
                if (way === "table-close") close();
                else step(way.replace("table-", ""));
            },

            fit: () => large.fit(),

            draw: (next, shown, classes, opacity, colors, about) => {
                const distinct = colors.includes("distinct");
                const page = document.getElementById("table-page");
                page.classList.toggle("table-in-distinct", distinct);
                page.classList.toggle("table-has-row", Boolean(next));
                overlay.show(about.sets, shown, classes, Number(opacity), distinct);
                if (next?.row === record?.row && same(next, record)) return;
                const opening = next && !record;
                record = next;
                const panel = document.getElementById("table-large");
                panel.hidden = !next;
                large.show(next);
                if (!next) return halt();
                walk();
                const where = next.position === null ? "not in the filtered rows" : `${(next.position + 1).toLocaleString("en")} of ${next.total.toLocaleString("en")}`;
                set("table-position", {children: `Row ${next.row + 1} · ${where}`});
                set("table-previous", {disabled: next.previous === null});
                set("table-next", {disabled: next.next === null});
                if (opening) panel.focus();
            },

            remember: (shown, classes, opacity, colors, filter, sort, columns, row, about) => {
                const list = (names, usual) => (same([...names].sort(), [...usual].sort()) ? null : JSON.stringify(names));
                const every = [...new Set(about.sets.flatMap((set) => set.classes.map(([, name]) => name)))];
                const hidden = about.columns.filter((name) => !columns.includes(name));
                const off = every.filter((name) => !classes.includes(name));
                const few = classes.length < off.length;
                const changes = {
                    filter: filter || null,
                    sort: same(sort, about.sort) ? null : JSON.stringify(sort),
                    hide: list(hidden, about.hidden),
                    sets: list(shown, about.sets.map((set) => set.name)),
                    off: few ? null : list(off, []),
                    only: few ? JSON.stringify(classes) : null,
                    opacity: Number(opacity) === 60 ? null : opacity,
                    distinct: colors.length ? 1 : null,
                    row: row ?? null,
                };
                window.history.replaceState(window.history.state, "", address(changes));
            },

            compare: (_clicks, run, on) => {
                window.location.assign(address({with: run, on, sort: null, hide: null, sets: null, row: null}));
            },

            at_step: (step) => {
                if (step !== null) window.location.assign(address({step, row: null}));
            },
        },
    });
})();
