// Points, drawn with WebGL. All clouds of a page share one WebGL canvas, from which each takes its picture: a browser allows
// some sixteen of them, and a page may show hundreds of clouds.
window.cloudPoints = (() => {
    "use strict";
    const VERTEX = `
        attribute vec3 place; attribute vec3 color; uniform mat4 eye; uniform vec3 size; varying vec3 shade;
        void main() {
            gl_Position = eye * vec4(place, 1.0);
            gl_PointSize = clamp(size.x / gl_Position.w, size.y, size.z);
            shade = color;
        }`;
    const FRAGMENT = "precision mediump float; varying vec3 shade; void main() { gl_FragColor = vec4(shade, 1.0); }";
    let shared; // null in a browser without WebGL

    function begin() {
        const canvas = document.createElement("canvas");
        const gl = canvas.getContext("webgl", {antialias: false});
        if (!gl) return null;
        const program = gl.createProgram();
        for (const [kind, text] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]]) {
            const shader = gl.createShader(kind);
            gl.shaderSource(shader, text);
            gl.compileShader(shader);
            gl.attachShader(program, shader);
        }
        ["place", "color"].forEach((name, at) => {
            gl.bindAttribLocation(program, at, name);
            gl.enableVertexAttribArray(at);
        });
        gl.linkProgram(program);
        gl.useProgram(program);
        gl.enable(gl.DEPTH_TEST);
        const [eye, size] = ["eye", "size"].map((name) => gl.getUniformLocation(program, name));
        return {canvas, gl, eye, size, buffers: new Map()};
    }

    // A graphics card may be reset, or take its memory back: then all begins anew.
    function context() {
        if (shared === undefined || shared?.gl.isContextLost()) shared = begin();
        return shared;
    }

    // The buffers of a cloud, filled where its places or its colours are others than before.
    function buffers({gl, buffers: all}, cloud) {
        if (!all.has(cloud)) all.set(cloud, {place: gl.createBuffer(), color: gl.createBuffer()});
        const own = all.get(cloud);
        for (const [name, values] of [["place", cloud.places], ["color", cloud.shades]]) {
            gl.bindBuffer(gl.ARRAY_BUFFER, own[name]);
            if (own[`${name}s`] === values) continue;
            gl.bufferData(gl.ARRAY_BUFFER, values, gl.STATIC_DRAW);
            own[`${name}s`] = values;
        }
        return own;
    }

    // The picture of a cloud {places, shades}: `size` is the size of a point at a distance of 1, its least and its largest
    // size, in pixels. It is good until the next cloud is drawn.
    function draw(cloud, matrix, size, width, height) {
        const {gl, canvas, ...shader} = shared;
        if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, {width, height});
        gl.viewport(0, 0, width, height);
        gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
        const {place, color} = buffers(shared, cloud);
        gl.bindBuffer(gl.ARRAY_BUFFER, place);
        gl.vertexAttribPointer(0, 3, gl.FLOAT, false, 0, 0);
        gl.bindBuffer(gl.ARRAY_BUFFER, color);
        gl.vertexAttribPointer(1, 3, gl.UNSIGNED_BYTE, true, 0, 0);
        gl.uniformMatrix4fv(shader.eye, false, matrix);
        gl.uniform3fv(shader.size, size);
        gl.drawArrays(gl.POINTS, 0, cloud.places.length / 3);
        return canvas;
    }

    function forget(cloud) {
        const own = shared?.buffers.get(cloud);
        if (!own) return;
        shared.gl.deleteBuffer(own.place);
        shared.gl.deleteBuffer(own.color);
        shared.buffers.delete(cloud);
    }

    return {ready: () => Boolean(context()), draw, forget};
})();
