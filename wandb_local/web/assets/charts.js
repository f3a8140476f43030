// Which part of the horizontal axis each chart is zoomed to. A chart also reports when it has found its size, which says
// nothing about its zoom and must not make it forgotten.
window.dash_clientside = Object.assign({}, window.dash_clientside, {
    charts: {
        zoom: (views, _axis, names, known) => {
            const { no_update, callback_context } = window.dash_clientside;
            const triggered = new Set(callback_context.triggered.map((trigger) => trigger.prop_id));
            if (triggered.has("charts-axis.value")) return { spans: {}, changed: [] };
            const spans = { ...known.spans };
            const changed = [];
            names.forEach((name, place) => {
                const view = views[place] || {};
                if (!triggered.has(`${JSON.stringify(name, Object.keys(name).sort())}.relayoutData`)) return;
                if ("xaxis.range[0]" in view) spans[name.key] = [view["xaxis.range[0]"], view["xaxis.range[1]"]];
                else if (view["xaxis.autorange"]) delete spans[name.key];
                else return;
                changed.push(name.key);
            });
            return changed.length ? { spans, changed } : no_update;
        },
    },
});
