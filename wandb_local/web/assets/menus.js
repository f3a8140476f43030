// Menus close at Escape, which gives the focus back to their title, and at a click outside of them.
(() => {
    "use strict";
    const opened = () => [...document.querySelectorAll("details.table-menu[open]")];
    // the list of a drop-down in a menu lies elsewhere in the document
    const inside = (target, menu) => menu.contains(target) || target.closest?.(".dash-dropdown-content");

    document.addEventListener(
        "pointerdown",
        ({ target }) => {
            for (const menu of opened()) if (!inside(target, menu)) menu.open = false;
        },
        true,
    );

    document.addEventListener("keydown", (event) => {
        const menus = event.key === "Escape" && !event.defaultPrevented ? opened() : [];
        for (const menu of menus) {
            menu.open = false;
            menu.querySelector("summary").focus();
            event.preventDefault();
        }
    });
})();
