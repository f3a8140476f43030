// Boxes over pictures: [class, left, top, right, bottom, in pixels, caption, scores], drawn in the colours of their classes.
// A frame {left, top, width, height, columns, rows} says where a picture of so many pixels lies on a canvas. `classes`
// has the colour and the name of each class by its value; a class that it lacks is switched off.
window.tableBoxes = (() => {
    "use strict";
    const LONGEST = 48; // characters of a caption

    function place([, left, top, right, bottom, pixels], frame) {
        const wide = pixels ? frame.width / frame.columns : frame.width;
        const high = pixels ? frame.height / frame.rows : frame.height;
        return {x: frame.left + left * wide, y: frame.top + top * high, width: (right - left) * wide, height: (bottom - top) * high};
    }

    const title = (box, classes) => box[6] || classes[box[0]].name;

    // `line` is the width of a line, `size` that of a letter (0: no captions), both in the canvas's pixels; captions begin
    // with `set`.
    function draw(context, boxes, classes, frame, line, size, set = "") {
        const drawn = boxes.filter((box) => classes[box[0]]);
        context.save();
        context.globalAlpha = 1;
        for (const box of drawn) {
            const {x, y, width, height} = place(box, frame);
            for (const [color, extra] of [["rgb(255 255 255 / .75)", line], [classes[box[0]].color, 0]]) {
                context.strokeStyle = color;
                context.lineWidth = line + extra;
                context.strokeRect(x, y, width, height);
            }
        }
        for (const box of size ? drawn : []) {
            caption(context, set + title(box, classes), classes[box[0]].color, place(box, frame), line, size);
        }
        context.restore();
    }

    // On the upper edge of the box, or inside where there is no room above.
    function caption(context, text, color, {x, y}, line, size) {
        const short = text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text;
        context.font = `600 ${size}px system-ui, sans-serif`;
        context.textBaseline = "middle";
        const [wide, high] = [context.measureText(short).width + size * 0.7, size * 1.4];
        const left = Math.min(Math.max(x - line / 2, 0), Math.max(context.canvas.width - wide, 0));
        const top = y - high < 0 ? Math.max(y, 0) : y - high;
        context.fillStyle = color;
        context.fillRect(left, top, wide, high);
        context.fillStyle = light(color) ? "#000" : "#fff";
        context.fillText(short, left + size * 0.35, top + high / 2);
    }

    function light(color) {
        const [red, green, blue] = color.slice(1, 7).match(/../g).map((byte) => parseInt(byte, 16));
        return 0.299 * red + 0.587 * green + 0.114 * blue > 140;
    }

    // What is said of the boxes under a point, given as shares of a picture's width and height.
    function at(boxes, classes, {x, y}, {width: columns, height: rows}) {
        const frame = {left: 0, top: 0, width: 1, height: 1, columns, rows};
        const inside = (box) => {
            const found = place(box, frame);
            return x >= found.x && x <= found.x + found.width && y >= found.y && y <= found.y + found.height;
        };
        const under = boxes.filter((box) => classes[box[0]] && inside(box));
        return under.map((box) => title(box, classes) + (box[7] ? ` (${box[7]})` : ""));
    }

    return {draw, at};
})();
