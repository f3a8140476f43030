// The cells of the row that is open, beside its pictures: their columns and what they hold.
window.tableFields = (() => {
    "use strict";
    // What shows a file of a kind; a logged page runs in an origin of its own.
    const players = {
        html: { tag: "iframe", className: "logged", sandbox: "allow-scripts" },
        video: { tag: "video", className: "logged", controls: true },
        audio: { tag: "audio", controls: true },
    };

    function make(tag, attributes, ...content) {
        const element = Object.assign(document.createElement(tag), attributes);
        element.append(...content);
        return element;
    }

    function cloud(title, address) {
        const place = make("div", { className: "cloud" });
        Object.assign(place.dataset, { cloud: address, title });
        window.clouds.show(place);
        return place;
    }

    // A text, {text, exact} for one that is shortened, or a list of files.
    function cell(name, value) {
        if (Array.isArray(value)) return value.flatMap((one) => file(name, one));
        if (typeof value !== "object") return [value || "–"];
        return [make("span", { title: value.exact }, value.text)];
    }

    // {text, href, path}; `cloud` is the address of the points of one that is a cloud.
    function file(name, value) {
        if (!value.href) return [`${value.text}: not stored on this server`];
        const link = make("a", { href: value.href, target: "_blank", rel: "noopener" }, `${value.text}: ${value.path}`);
        if (value.cloud) return [cloud(name, value.cloud), link];
        if (!players[value.text]) return [link];
        const { tag, ...attributes } = players[value.text];
        return [make(tag, { ...attributes, src: value.href, title: value.path }), link];
    }

    // The name and the value of a column; a long text gets a line of its own where several columns share one.
    function field([name, value]) {
        const long = { className: (value?.text ?? value)?.length > 40 ? "long" : "" };
        return [make("dt", long, name), make("dd", long, ...cell(name, value))];
    }

    return (pairs) => document.getElementById("table-fields")?.replaceChildren(...pairs.flatMap(field));
})();
