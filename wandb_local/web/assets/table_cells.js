// The cells of the table page's grid.
(() => {
    "use strict";
    const h = React.createElement;
    const open = (row) => window.dash_clientside.set_props("table-row", {data: row});
    const components = (window.dashAgGridComponentFunctions = window.dashAgGridComponentFunctions || {});

    components.TableOpen = ({data}) =>
        data
            ? h("button", {className: "table-open", tabIndex: -1, "aria-label": `Row ${data.id + 1} large`, onClick: () => open(data.id)}, data.id + 1)
            : null;

    // A text, a list of pictures, {text, exact} for what is shown shortened, or {text, href, path} for a file.
    components.TableCell = ({value, data}) => {
        if (value === undefined || value === null || value === "") return data ? h("span", {className: "table-none"}, "–") : null;
        if (Array.isArray(value)) return h(Thumbnails, {pictures: value, row: data.id});
        if (value.exact) return h("span", {title: value.exact}, value.text);
        if (typeof value === "object") {
            return value.href ? h("a", {href: value.href, target: "_blank", rel: "noopener", title: value.path}, value.text) : `${value.text}: not stored`;
        }
        return h("span", {title: value.length > 12 ? value : undefined}, value);
    };

    function Thumbnails({pictures, row}) {
        const place = React.useRef(null);
        React.useEffect(() => window.tableCompose.thumbnails(place.current, pictures), [pictures]);
        return h("button", {className: "table-thumbs", tabIndex: -1, ref: place, "aria-label": `Row ${row + 1} large`, onClick: () => open(row)});
    }
})();
