// One cloud on its canvas: the points, then boxes, vectors, labels and the axes over them; and how a person turns it.
window.cloudView = (() => {
    "use strict";
    const camera = window.cloudCamera;
    const EDGES = [0, 1, 2, 3, 4, 5, 6, 7].flatMap((from) => [1, 2, 4].filter((bit) => !(from & bit)).map((bit) => [from, from | bit]));
    const MOST_LABELS = 40; // more of them would hide the cloud
    const LONGEST = 40; // characters of a label
    const AXES = {x: ["#ff7a70", [1, 0, 0]], y: ["#7bd88f", [0, 1, 0]], z: ["#7db1ff", [0, 0, 1]]};
    const VECTOR = "#ffd75e";

    function make(canvas, cloud, eye) {
        const state = {canvas, cloud, eye, up: "y", asked: 0};
        state.redraw = () => (state.asked ||= requestAnimationFrame(() => draw(state)));
        state.reset = () => {
            Object.assign(eye, camera.first());
            state.redraw();
        };
        state.zoom = (factor) => {
            camera.zoom(state.eye, factor);
            state.redraw();
        };
        new ResizeObserver(state.redraw).observe(canvas);
        listen(state);
        return state;
    }

    function draw(state) {
        state.asked = 0;
        const {canvas, cloud, eye, up} = state;
        if (!canvas.isConnected || !canvas.clientWidth || !window.cloudPoints.ready()) return;
        const dense = window.devicePixelRatio || 1;
        const [width, height] = [canvas.clientWidth, canvas.clientHeight].map((length) => Math.round(length * dense));
        if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, {width, height});
        const view = (state.view = camera.look(eye, up, cloud.half, width / height));
        const context = canvas.getContext("2d");
        context.clearRect(0, 0, width, height);
        const apart = (2 * Math.hypot(...cloud.half)) / Math.sqrt(cloud.drawn || 1); // as far as neighbours are in a flat cloud
        const size = [apart * view.scale * height, 1.5 * dense, 7 * dense];
        if (cloud.drawn) context.drawImage(window.cloudPoints.draw(cloud, view.matrix, size, width, height), 0, 0);
        context.lineJoin = context.lineCap = "round";
        for (const {corners, color} of cloud.boxes) lines(state, EDGES.map(([from, to]) => [corners[from], corners[to]]), color, 1.6 * dense);
        lines(state, cloud.vectors, VECTOR, 1.6 * dense);
        for (const [, end] of cloud.vectors) dot(state, end, VECTOR, 2.6 * dense);
        for (const box of cloud.boxes.slice(0, MOST_LABELS)) label(state, box, 11 * dense);
        compass(state, dense);
        canvas.dataset.drawn = true;
    }

    function lines({canvas, view}, pairs, color, width) {
        const context = canvas.getContext("2d");
        context.beginPath();
        for (const [from, to] of pairs) {
            const seen = camera.before(view, from, to);
            const ends = seen?.map((point) => camera.place(view, point, canvas.width, canvas.height));
            if (!ends?.every(Boolean)) continue;
            context.moveTo(...ends[0]);
            context.lineTo(...ends[1]);
        }
        Object.assign(context, {strokeStyle: color, lineWidth: width});
        context.stroke();
    }

    function dot({canvas, view}, point, color, radius) {
        const at = camera.place(view, point, canvas.width, canvas.height);
        if (!at) return;
        const context = canvas.getContext("2d");
        context.fillStyle = color;
        context.beginPath();
        context.arc(...at, radius, 0, 2 * Math.PI);
        context.fill();
    }

    // Above the highest corner of the box that is seen.
    function label({canvas, view}, {corners, color, text}, size) {
        const seen = corners.map((corner) => camera.place(view, corner, canvas.width, canvas.height)).filter(Boolean);
        if (!text || !seen.length) return;
        const [x, y] = seen.reduce((one, other) => (other[1] < one[1] ? other : one));
        const short = text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text;
        const context = canvas.getContext("2d");
        Object.assign(context, {font: `600 ${size}px system-ui, sans-serif`, textAlign: "center", textBaseline: "bottom"});
        Object.assign(context, {strokeStyle: "#101318", lineWidth: size / 3, fillStyle: color});
        context.strokeText(short, x, y - size / 3);
        context.fillText(short, x, y - size / 3);
    }

    // The axes, in the lower right corner.
    function compass({canvas, view: {rows}}, dense) {
        const context = canvas.getContext("2d");
        const [x, y, length] = [canvas.width - 36 * dense, canvas.height - 36 * dense, 22 * dense];
        Object.assign(context, {font: `600 ${11 * dense}px system-ui, sans-serif`, textAlign: "center", textBaseline: "middle", lineWidth: 2 * dense});
        const flat = [0, 1].map((at) => Math.hypot(...rows[at].slice(0, 3)));
        for (const [name, [color, axis]] of Object.entries(AXES)) {
            const [right, above] = [0, 1].map((at) => rows[at].slice(0, 3).reduce((sum, value, part) => sum + value * axis[part], 0) / flat[at]);
            Object.assign(context, {strokeStyle: color, fillStyle: color});
            context.beginPath();
            context.moveTo(x, y);
            context.lineTo(x + length * right, y - length * above);
            context.stroke();
            context.fillText(name, x + 1.35 * length * right, y - 1.35 * length * above);
        }
    }

    // Drag, arrow keys: turn; with shift, or the right button: move. Wheel, + and -, two fingers: zoom. The wheel turns the
    // page until the cloud has the focus, for a page may be full of clouds.
    function listen(state) {
        const {canvas} = state;
        const fingers = new Map();
        const apart = () => {
            const [one, other] = [...fingers.values()];
            return Math.hypot(one.x - other.x, one.y - other.y);
        };
        const move = (right, up, pans) => {
            if (pans) camera.pan(state.eye, state.view, right, up);
            else camera.turn(state.eye, 4 * right, -4 * up);
            state.redraw();
        };
        canvas.addEventListener("pointerdown", (event) => {
            canvas.setPointerCapture(event.pointerId);
            fingers.set(event.pointerId, {x: event.clientX, y: event.clientY});
        });
        canvas.addEventListener("pointermove", (event) => {
            const last = fingers.get(event.pointerId);
            if (!last || !state.view) return;
            const before = fingers.size === 2 ? apart() : 0;
            fingers.set(event.pointerId, {x: event.clientX, y: event.clientY});
            if (before) return state.zoom(apart() / before);
            const high = canvas.clientHeight;
            move((event.clientX - last.x) / high, (last.y - event.clientY) / high, event.shiftKey || event.buttons & 2);
        });
        for (const kind of ["pointerup", "pointercancel"]) canvas.addEventListener(kind, (event) => fingers.delete(event.pointerId));
        canvas.addEventListener("contextmenu", (event) => event.preventDefault());
        canvas.addEventListener("dblclick", state.reset);
        canvas.addEventListener("wheel", (event) => {
            if (document.activeElement !== canvas) return;
            event.preventDefault();
            state.zoom(Math.exp(-event.deltaY / 400));
        }, {passive: false});
        canvas.addEventListener("keydown", (event) => {
            const step = 0.04;
            const ways = {ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, step], ArrowDown: [0, -step]};
            const zooms = {"+": 1.25, "=": 1.25, "-": 0.8, "_": 0.8};
            if (event.ctrlKey || event.metaKey || event.altKey) return;
            if (ways[event.key] && state.view) move(...ways[event.key], event.shiftKey);
            else if (zooms[event.key]) state.zoom(zooms[event.key]);
            else if (event.key === "0") state.reset();
            else return;
            event.preventDefault();
        });
    }

    return make;
})();
