// The table page: what its controls and keys do.
(() => {
    "use strict";
    const overlay = window.tableCompose;
    const large = window.tableLarge;
    const {changed} = window.pageAddress;
    const {arrive, remember, back} = window.tableAddress;
    const set = (id, props) => window.dash_clientside.set_props(id, props);
    const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);
    const LEAST = 90; // pixels of a column of pictures
    const NONE = window.dash_clientside.no_update;

    const open = (row) => set("table-row", {data: row});

    const grid = (then) => window.gridBlocks.grid("table-grid", then);

    // Pictures are seen without scrolling: their columns share what is left of the grid's width beside the columns before
    // them, and take no more than their pictures need. On a narrow screen the columns before them are narrow, too.
    function room(api) {
        const {pictures} = shown().about;
        const seen = api.getAllDisplayedColumns();
        const mine = seen.filter((column) => pictures.includes(column.getColId()));
        if (!mine.length) return;
        const before = seen.slice(0, seen.indexOf(mine[0]));
        const narrow = window.matchMedia("(max-width: 900px)").matches;
        const total = (columns) => columns.reduce((sum, column) => sum + wanted(column), 0);
        const wanted = (column) => Math.min(column.getColDef().width, narrow && !mine.includes(column) ? LEAST : Infinity);
        const grid = document.querySelector("#table-grid .ag-body").clientWidth;
        const share = Math.min(1, (grid - total(before)) / total(mine));
        const width = (column) => (mine.includes(column) ? Math.max(LEAST, Math.floor(wanted(column) * share)) : wanted(column));
        api.setColumnWidths([...before, ...mine].map((column) => ({key: column, newWidth: width(column)})));
    }

    window.addEventListener("resize", () => shown() && grid(room));

    // What belongs to the page that is shown goes with its element: the row that is open, and what the table holds.
    const shown = () => document.getElementById("table-page");
    const record = () => shown()?.record ?? null;

    // Steps wait for the row that the one before them leads to, so that keys can be pressed faster than rows arrive.
    const steps = [];
    let asked = null;

    function step(way) {
        steps.push(way);
        walk();
    }

    function walk() {
        const now = record();
        if (!now || (asked !== null && asked !== now.row)) return;
        asked = null;
        const way = steps.shift();
        if (!way) return;
        if (now[way] === null) return walk();
        asked = now[way];
        open(asked);
    }

    function halt() {
        steps.length = 0;
        asked = null;
    }

    function close() {
        halt();
        if (!back()) open(null);
    }

    // The grid is seen again, at the row that was open.
    function returned(last) {
        overlay.redraw();
        if (last.position === null) return;
        grid((api) => {
            api.ensureIndexVisible(last.position, "middle");
            api.setFocusedCell(last.position, "open");
        });
    }

    const TYPING = "input:not([type=checkbox]), select, textarea, [role=listbox], [role=combobox], [contenteditable]";

    document.addEventListener("keydown", (event) => {
        if (!shown() || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
        if (!record()) {
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

    // Double click on a class shows it alone among the classes of its masks and boxes. Those of other sets stay as they
    // are: beside a class of the street, the kinds of error are still to be seen.
    document.addEventListener("dblclick", (event) => {
        const label = event.target.closest?.("#table-classes label");
        if (!label) return;
        const name = label.textContent;
        const {sets} = shown().about;
        const beside = new Set(sets.map(named).filter((names) => names.includes(name)).flat());
        const on = [...document.querySelectorAll("#table-classes label:has(input:checked)")].map((each) => each.textContent);
        set("table-classes", {value: [name, ...on.filter((other) => !beside.has(other))]});
    });

    const named = (set) => [...set.classes, ...set.boxes].map(([, name]) => name);

    // The filter that the visitor has last sent off; what is only half written is none.
    for (const kind of ["keydown", "focusout"]) {
        document.addEventListener(kind, (event) => {
            const sent = event.target.id === "table-filter" && (kind === "focusout" || event.key === "Enter");
            if (sent) shown().wanted = event.target.value;
        });
    }

    window.addEventListener("server-back", () => {
        const page = shown();
        if (!page) return;
        window.gridBlocks.again("table-grid", page.request);
        const box = document.getElementById("table-filter").value;
        if (page.wanted === box) set("table-required", {data: box}); // asked again: nothing changes where it is applied
        if (page.question) set("table-asked", {data: [...page.question]});
        if (page.record) large.show(page.record);
    });

    window.dash_clientside = Object.assign({}, window.dash_clientside, {
        table: {
            // A filter or an order asks for the open row again; where none is open there is nothing to ask.
            ask: (row, applied, sort, asked) => {
                const next = row === null || row === undefined || applied === null ? null : [row, applied, sort];
                shown().question = next;
                return same(next, asked ?? null) ? NONE : next;
            },

            reload: () => void grid((api) => api.purgeInfiniteCache()),

            sorted: (request, sort, about) => {
                if (!request) return;
                if (!shown().request) grid(room);
                shown().request = request;
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
                shown().wanted = whole;
                return [whole, whole];
            },

            go: () => {
                const way = window.dash_clientside.callback_context.triggered_id;
                if (way === "table-close") close();
                else step(way.replace("table-", ""));
            },

            fit: () => large.fit(),

            // The colours of all pictures. They depend on nothing that the server answers.
            paint: (sets, classes, opacity, colors, about) => {
                const distinct = colors.includes("distinct");
                shown().about = about;
                arrive(shown());
                overlay.show(about.sets, sets, classes, Number(opacity), distinct);
                return distinct ? "table-in-distinct" : "";
            },

            // Answers where the row stands, and whether there is none before it and none behind it.
            draw: (next) => {
                const last = record();
                if (next && same(next, last)) return [NONE, NONE, NONE];
                const panel = document.getElementById("table-large");
                shown().record = next;
                panel.hidden = !next;
                panel.classList.toggle("table-plain", next?.pictures.length === 0);
                large.show(next);
                if (!next) {
                    halt();
                    if (last) returned(last);
                    return [NONE, NONE, NONE];
                }
                walk();
                if (!last) panel.focus({preventScroll: true});
                const where = next.position === null ? "not in the filtered rows" : `${(next.position + 1).toLocaleString("en")} of ${next.total.toLocaleString("en")}`;
                return [`Row ${next.row + 1} · ${where}`, next.previous === null, next.next === null];
            },

            remember: (sets, classes, opacity, colors, filter, sort, columns, row, about) =>
                remember({sets, classes, opacity, colors, filter, sort, columns, row}, about),

            compare: (_clicks, run, on) => {
                window.location.assign(changed({with: run, on, sort: null, hide: null, sets: null, row: null}));
            },

            at_step: (step) => {
                if (step !== null) window.location.assign(changed({step, row: null}));
            },
        },
    });
})();
