// One line at the top of every page while the server does not answer. It is asked while the tab is seen, ever more
// seldom while it is silent, and no more after some half an hour of silence, until somebody comes back to the tab.
(() => {
    "use strict";
    const EVERY = 5000; // milliseconds between two questions while it answers
    const PATIENCE = 10000; // for one answer
    const LONGEST = 60000; // between two questions while it is silent, of which the first comes after a second
    const MOST = 30; // questions in vain
    const SILENT = "The server does not answer. This page shows its last answers. This line disappears when the server answers again.";
    const GONE = "The server does not answer. Reload the page when it runs again.";
    const LOGGED_OUT = "You are logged out. Reload the page to log in.";
    let turn = 0; // counts questions, so that two chains of them never run side by side
    let vain = 0;
    let said = "";

    function say(text) {
        const set = window.dash_clientside?.set_props; // not there before the page is
        if (!set || text === said) return;
        set("shell-connection", { children: text });
        if (!text) window.dispatchEvent(new Event("server-back"));
        said = text;
    }

    async function ask() {
        const mine = ++turn;
        if (document.hidden) return;
        const status = await fetch("/_alive", { cache: "no-store", signal: AbortSignal.timeout(PATIENCE) }).then(
            (answer) => answer.status,
            () => 0,
        );
        if (mine !== turn) return;
        const silent = !status || status >= 500; // a proxy answers for a server that is gone
        vain = silent ? vain + 1 : 0;
        say(vain >= MOST ? GONE : silent ? SILENT : status === 401 ? LOGGED_OUT : "");
        if (vain < MOST) later(vain ? Math.min(500 * 2 ** vain, LONGEST) : EVERY);
    }

    const later = (wait, mine = turn) => setTimeout(() => mine === turn && ask(), wait);

    function again() {
        vain = 0;
        ask();
    }

    document.addEventListener("visibilitychange", again);
    window.addEventListener("online", again);
    later(EVERY);
})();
