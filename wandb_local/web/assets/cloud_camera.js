// The camera before a point cloud: where it stands, and where it sees a point. It circles a place, which is the middle of
// the cloud at first. The axes are right-handed, so that no cloud is seen mirrored: with y up, x leads to the right and z
// towards the viewer.
window.cloudCamera = (() => {
    "use strict";
    const FIELD = 0.6; // radians from the upper to the lower edge
    const FILLED = 0.92; // of the picture, in which all is seen at first
    const STEEPEST = 1.55; // radians, just less than straight down

    const first = () => ({yaw: 0.35, pitch: 0.5, zoom: 1, middle: [0, 0, 0]});
    const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
    const moved = (a, b, share) => a.map((value, at) => value + share * b[at]);

    // What is right, above and behind for the viewer, in the axes of the cloud.
    function axes({yaw, pitch}, up) {
        const [sy, cy, sp, cp] = [Math.sin(yaw), Math.cos(yaw), Math.sin(pitch), Math.cos(pitch)];
        const seen = [[cy, 0, -sy], [-sp * sy, cp, -sp * cy], [sy * cp, sp, cy * cp]];
        return up === "y" ? seen : seen.map(([x, y, z]) => [x, -z, y]);
    }

    // From how far all of a box that reaches `half` from the origin on each axis is seen at first, on nearly the whole picture.
    function fitted(up, half, scale, aspect) {
        const [right, above, back] = axes(first(), up);
        const corners = [0, 1, 2, 3, 4, 5, 6, 7].map((bits) => half.map((length, at) => ((bits >> at) & 1 ? length : -length)));
        const side = (corner) => Math.max(Math.abs(dot(right, corner)) / aspect, Math.abs(dot(above, corner)));
        return Math.max(...corners.map((corner) => dot(back, corner) + (2 * scale * side(corner)) / FILLED));
    }

    // How such a cloud is seen in a picture of this shape. `matrix` is for WebGL, by columns; `least` is how near
    // a point may be; `scale` is how many times the height of the picture a length of 1 at a distance of 1 is.
    function look(eye, up, half, aspect) {
        const [right, above, back] = axes(eye, up);
        const scale = 0.5 / Math.tan(FIELD / 2);
        const radius = Math.hypot(...half);
        const distance = fitted(up, half, scale, aspect) / eye.zoom;
        const [least, most] = [distance / 100, distance + 20 * radius];
        const rows = [
            [...right.map((value) => (2 * scale * value) / aspect), (-2 * scale * dot(right, eye.middle)) / aspect],
            [...above.map((value) => 2 * scale * value), -2 * scale * dot(above, eye.middle)],
            [],
            [...back.map((value) => -value), distance + dot(back, eye.middle)],
        ];
        const deep = (most + least) / (most - least);
        rows[2] = rows[3].map((value, at) => deep * value - (at === 3 ? (2 * most * least) / (most - least) : 0));
        const matrix = new Float32Array([0, 1, 2, 3].flatMap((column) => rows.map((row) => row[column])));
        return {right, above, rows, matrix, least, distance, scale};
    }

    const depth = ({rows}, place) => dot(rows[3], place) + rows[3][3];

    // Where a point is on a canvas, in its pixels; null behind the viewer.
    function place(view, point, width, height) {
        const far = depth(view, point);
        if (far < view.least) return null;
        const [x, y] = [0, 1].map((at) => (dot(view.rows[at], point) + view.rows[at][3]) / far);
        return [((1 + x) * width) / 2, ((1 - y) * height) / 2];
    }

    // The part of a line that lies before the viewer, or null.
    function before(view, from, to) {
        const [near, far] = [depth(view, from), depth(view, to)].map((value) => value - 1.001 * view.least);
        if (near < 0 && far < 0) return null;
        const cut = moved(from, moved(to, from, -1), near / (near - far || 1));
        return [near < 0 ? cut : from, far < 0 ? cut : to];
    }

    function turn(eye, right, up) {
        eye.yaw -= right;
        eye.pitch = Math.min(Math.max(eye.pitch + up, -STEEPEST), STEEPEST);
    }

    // By shares of the picture's height.
    function pan(eye, view, right, up) {
        const length = view.distance / view.scale;
        eye.middle = moved(moved(eye.middle, view.right, -right * length), view.above, -up * length);
    }

    function zoom(eye, factor) {
        eye.zoom = Math.min(Math.max(eye.zoom * factor, 0.05), 200);
    }

    return {first, look, place, before, turn, pan, zoom};
})();
