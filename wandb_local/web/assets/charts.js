// The settings of the charts stand in the address, so that Back, a reload and a link show the same charts again.
const chartSettings = { find: "", section: "", axis: "*", smoothing: 0, log: "", size: "small" }; // as a page begins
let chartsPath; // of the page whose charts are shown: on the way to another one the address is no longer theirs

// Which part of the horizontal axis each chart is zoomed to. It is read from the chart itself: what a chart reports last
// may be that it has found its size, which says nothing about its zoom.
window.dash_clientside = Object.assign({}, window.dash_clientside, {
    charts: {
        restore: (_page, axes, sections, sizes) => {
            chartsPath = window.location.pathname;
            const given = { ...chartSettings, ...Object.fromEntries(new URLSearchParams(window.location.search)) };
            const among = (name, options) => {
                const known = options.some((option) => (option.value ?? option) === given[name]);
                return known ? given[name] : chartSettings[name];
            };
            const smoothing = Math.min(Math.max(Number(given.smoothing) || 0, 0), 0.99);
            const [section, axis, size] = [among("section", sections), among("axis", axes), among("size", sizes)];
            return [given.find, section, axis, smoothing, given.log ? ["log"] : [], size];
        },
        remember: (runs, find, section, axis, smoothing, log, size, page) => {
            const { no_update } = window.dash_clientside;
            if (window.location.pathname !== chartsPath) return no_update;
            const query = new URLSearchParams(window.location.search);
            const now = { find, section, axis, smoothing, log: log?.length ? 1 : "", size };
            for (const [name, usual] of Object.entries(chartSettings)) {
                if ((now[name] ?? usual) === usual) query.delete(name);
                else query.set(name, now[name]);
            }
            const same = JSON.stringify(runs) === JSON.stringify(page.runs);
            if (runs && !(same && !query.has("runs"))) {
                const plain = !runs.some((name) => name.includes(",") || name.startsWith("["));
                query.set("runs", plain ? runs.join() : JSON.stringify(runs));
            }
            const text = query.toString();
            window.history.replaceState(window.history.state, "", window.location.pathname + (text ? `?${text}` : ""));
            return no_update;
        },
        zoom: (_views, _axis, names, known) => {
            const { no_update, callback_context } = window.dash_clientside;
            if (callback_context.triggered.some((trigger) => trigger.prop_id === "charts-axis.value")) {
                return { spans: {}, changed: [] };
            }
            const spans = { ...known.spans };
            const changed = [];
            for (const name of names) {
                const plot = document.getElementById(JSON.stringify(name, ["key", "type"]))?.querySelector(".js-plotly-plot");
                if (!plot?.layout?.xaxis) continue;
                const { autorange, range } = plot.layout.xaxis;
                const span = autorange || !range ? undefined : [range[0], range[1]];
                if (JSON.stringify(span) === JSON.stringify(spans[name.key])) continue;
                if (span) spans[name.key] = span;
                else delete spans[name.key];
                changed.push(name.key);
            }
            return changed.length ? { spans, changed } : no_update;
        },
    },
});
