// The list of runs: which rows are ticked, what has changed in them, and the address, which says how they are looked at.
(() => {
    "use strict";
    const {changed, listed} = window.pageAddress;
    const MOST = 100; // names in the address
    const WIDE = 265; // pixels of a state that says how long nothing was heard
    const set = (id, props) => window.dash_clientside.set_props(id, props);
    const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);
    const grid = (then) => window.gridBlocks.grid("runs-grid", then);

    // What belongs to the page that is shown goes with its element.
    const shown = () => document.getElementById("runs-page-body");

    function tell() {
        window.dispatchEvent(new Event("runs-ticked"));
    }

    // The rows that are here are ticked as the list of names says, which also has names of rows that are not here.
    function sync(api) {
        const page = shown();
        if (!page) return;
        const ticked = new Set(page.ticked);
        let quiet = false;
        page.syncing = true;
        api.forEachNode((node) => {
            if (!node.data) return;
            quiet ||= Boolean(node.data.quiet);
            if (node.isSelected() !== ticked.has(node.data.id)) node.setSelected(ticked.has(node.data.id));
        });
        page.syncing = false;
        if (quiet && api.getColumn("state").getActualWidth() < WIDE) api.setColumnWidths([{key: "state", newWidth: WIDE}]);
        tell();
    }

    // The visitor has ticked a row, or taken a tick away.
    function note(event) {
        const page = shown();
        if (!page || page.syncing || !event.node.data) return;
        const ticked = new Set(page.ticked);
        if (event.node.isSelected()) ticked.add(event.node.data.id);
        else ticked.delete(event.node.data.id);
        page.ticked = [...ticked];
        set("runs-ticked", {data: page.ticked});
    }

    function watch(page) {
        page.watched = true;
        page.path = window.location.pathname;
        grid((api) => {
            api.addEventListener("rowSelected", note);
            api.addEventListener("modelUpdated", () => sync(api));
            sync(api);
        });
    }

    window.addEventListener("server-back", () => shown() && window.gridBlocks.again("runs-grid", shown().request));

    window.dash_clientside = Object.assign({}, window.dash_clientside, {
        runs: {
            asked: (request, view, ticked) => {
                const page = shown();
                if (!request || !page) return;
                page.request = request;
                page.ticked ??= ticked;
                if (!page.watched) watch(page);
                const next = {sortModel: request.sortModel, filterModel: request.filterModel};
                if (!same(next, view)) set("runs-view", {data: next});
            },

            again: () => void grid((api) => api.purgeInfiniteCache()),

            follow: () => void grid((api) => api.refreshInfiniteCache()),

            apply: (news) =>
                void grid((api) => {
                    if (news?.moved) api.refreshInfiniteCache();
                    for (const row of news?.rows ?? []) {
                        const node = api.getRowNode(row.id);
                        if (node?.data) node.setData(row);
                    }
                    sync(api);
                }),

            tick: (ticked) => {
                if (!shown() || same(shown().ticked, ticked)) return;
                shown().ticked = ticked;
                grid(sync);
            },

            remember: (columns, find, {sortModel, filterModel}, ticked, {usual}) => {
                const page = shown();
                if (page?.path !== window.location.pathname) return; // on the way to another page
                const sort = sortModel.map(({colId, sort}) => (sort === "desc" ? "-" : "") + colId);
                const next = changed({
                    columns: same(columns, usual) ? null : listed(columns ?? []),
                    find: find || null,
                    sort: sort.length ? listed(sort) : null,
                    filter: Object.keys(filterModel).length ? JSON.stringify(filterModel) : null,
                    runs: ticked.length ? listed(ticked.slice(0, MOST)) : null,
                });
                window.history.replaceState(window.history.state, "", next);
            },
        },
    });

    // The box above those of the rows.
    const components = (window.dashAgGridComponentFunctions = window.dashAgGridComponentFunctions || {});
    components.TickAll = ({api}) => {
        const [on, change] = React.useState(false);
        React.useEffect(() => {
            const look = () => {
                const ticked = new Set(shown()?.ticked);
                let [all, some] = [true, false];
                api.forEachNode((node) => {
                    if (!node.data || node.rowIndex >= MOST) return;
                    some = true;
                    all &&= ticked.has(node.data.id);
                });
                change(some && all);
            };
            look();
            window.addEventListener("runs-ticked", look);
            return () => window.removeEventListener("runs-ticked", look);
        }, [api]);
        return React.createElement("input", {
            type: "checkbox",
            className: "tick-all",
            checked: on,
            "aria-label": `Choose all runs of the list, at most ${MOST}`,
            title: `all runs of the list, at most ${MOST}`,
            onChange: (event) => set("runs-all", {data: {on: event.target.checked, at: Date.now()}}),
        });
    };
})();
