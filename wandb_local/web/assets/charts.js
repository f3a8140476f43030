// Which part of the horizontal axis each chart is zoomed to. It is read from the chart itself: what a chart reports last
// may be that it has found its size, which says nothing about its zoom.
window.dash_clientside = Object.assign({}, window.dash_clientside, {
    charts: {
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
