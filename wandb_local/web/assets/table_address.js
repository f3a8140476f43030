// The address of the table page: a link to it shows the same view again. An open row is a step in the browser's history,
// so that Back closes it; everything else changes the step that one is at.
window.tableAddress = (() => {
    "use strict";
    const {changed} = window.pageAddress;
    const usual = 60; // percent of opacity
    const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

    const arrive = (page) => {
        page.dataset.path ??= window.location.pathname;
    };

    // Whether the address is that of the table that is shown: on the way to another page it is no longer.
    const shown = () => document.getElementById("table-page")?.dataset.path === window.location.pathname;

    // The number of the row that the address says is open, or null.
    function rowOf() {
        const text = new URLSearchParams(window.location.search).get("row");
        return text && /^\d{1,9}$/.test(text) ? Number(text) : null;
    }

    function remember(view, about) {
        if (!shown()) return;
        const list = (names, most) => (same([...names].sort(), [...most].sort()) ? null : JSON.stringify(names));
        const every = [...new Set(about.sets.flatMap((set) => [...set.classes, ...set.boxes].map(([, name]) => name)))];
        const off = every.filter((name) => !view.classes.includes(name));
        const few = view.classes.length < off.length;
        const row = view.row ?? null;
        const next = changed({
            filter: view.filter || null,
            sort: same(view.sort, about.sort) ? null : JSON.stringify(view.sort),
            hide: list(about.columns.filter((name) => !view.columns.includes(name)), about.hidden),
            sets: list(view.sets, about.sets.map((set) => set.name)),
            off: few ? null : list(off, []),
            only: few ? JSON.stringify(view.classes) : null,
            opacity: Number(view.opacity) === usual ? null : view.opacity,
            distinct: view.colors.length ? 1 : null,
            row,
        });
        if (row !== null && rowOf() === null) window.history.pushState({opened: true}, "", next);
        else window.history.replaceState(window.history.state, "", next);
    }

    // Leave the open row; false where it was open from the start, so that no step leads back from it.
    function back() {
        if (!window.history.state?.opened) return false;
        window.history.back();
        return true;
    }

    window.addEventListener("popstate", () => {
        if (shown()) window.dash_clientside.set_props("table-row", {data: rowOf()});
    });

    return {arrive, remember, back};
})();
