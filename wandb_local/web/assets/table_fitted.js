// How pictures of one size share a space: the columns that make them largest, and how wide each is then (in pixels).
// `gap` lies between two, `title` above each. Of two ways that differ by less than a tenth, the one in fewer rows is taken.
window.tableFitted = (count, wide, high, ratio, gap, title) => {
    const size = (columns) => {
        const rows = Math.ceil(count / columns);
        return Math.min((wide - gap * (columns - 1)) / columns, ((high - gap * (rows - 1)) / rows - title) * ratio);
    };
    const options = Array.from({length: count}, (_, at) => at + 1);
    const most = Math.max(...options.map(size));
    const columns = options.findLast((each) => size(each) >= 0.9 * most);
    return {columns, width: Math.floor(size(columns))};
};
