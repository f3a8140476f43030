// Addresses that say how a page is looked at, and grids that ask for their rows in blocks.
window.pageAddress = (() => {
    "use strict";

    // The address with some parameters changed; those that are null go.
    function changed(changes) {
        const query = new URLSearchParams(window.location.search);
        for (const [name, value] of Object.entries(changes)) {
            if (value === null) query.delete(name);
            else query.set(name, value);
        }
        const text = query.toString();
        return window.location.pathname + (text ? `?${text}` : "");
    }

    // Names as one parameter, as urls.py reads it.
    function listed(names) {
        const plain = names.join(",");
        return plain && !plain.startsWith("[") && !names.some((name) => name.includes(",")) ? plain : JSON.stringify(names);
    }

    return {changed, listed};
})();

window.gridBlocks = (() => {
    "use strict";
    // The grid's own interface, once it is there.
    const grid = (name, then) => window.dash_ag_grid?.getApiAsync?.(name).then(then);

    // What was asked for while the server was away never came. The grid asks for no other rows before it does.
    const again = (name, request) =>
        grid(name, (api) => {
            const waits = Object.values(api.getCacheBlockState() ?? {}).some((block) => block.pageStatus === "loading");
            if (waits) request?.failCallback();
            api.purgeInfiniteCache();
        });

    return {grid, again};
})();
