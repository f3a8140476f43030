// Dash's controls as assistive technology should find them. Its check boxes and radio buttons claim to be options of a
// list box, sliders and opened drop-down lists have no name, and the Tab key stops at a hidden field of these, which
// passes the focus on: it stops at their buttons instead.
(() => {
    function set(element, name, value) {
        if (value === null ? element.hasAttribute(name) : element.getAttribute(name) !== value) {
            if (value === null) element.removeAttribute(name);
            else element.setAttribute(name, value);
        }
    }

    function nameOf(element) {
        const list = element.closest("[role=dialog]");
        if (list) element = document.querySelector(`[aria-controls="${list.id}"]`) || element;
        const group = element.closest("[role=group][aria-label]");
        const label = element.closest(".control")?.querySelector("label");
        return group?.getAttribute("aria-label") || label?.textContent || "Choice";
    }

    function mend() {
        for (const list of document.querySelectorAll(".dash-dropdown-content")) set(list, "aria-label", nameOf(list));
        for (const list of document.querySelectorAll(".dash-options-list")) {
            set(list, "role", "group");
            set(list, "aria-label", nameOf(list.parentElement));
            for (const option of list.querySelectorAll(".dash-options-list-option")) {
                set(option, "role", null);
                set(option, "aria-selected", null);
            }
        }
        for (const thumb of document.querySelectorAll(".dash-slider-thumb")) set(thumb, "aria-label", nameOf(thumb));
        for (const link of document.querySelectorAll(".prose a[href]")) { // what people write may lead to pages only
            if (!["http:", "https:", "mailto:"].includes(link.protocol)) set(link, "href", null);
        }
        for (const field of document.querySelectorAll(".dash-dropdown-focus-target")) {
            set(field, "tabindex", "-1");
            set(field.nextElementSibling, "tabindex", "0");
        }
    }

    const watched = { childList: true, subtree: true, attributes: true, attributeFilter: ["role", "aria-selected", "tabindex"] };
    document.addEventListener("DOMContentLoaded", () => new MutationObserver(mend).observe(document.body, watched));
})();
