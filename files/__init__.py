"""Reading and writing files, by the same rules for all packages, and small things that all packages share.

- `pictures`: images as upright RGB, labels with their stored values;
- `texts`: text in UTF-8, or in the encoding of its byte order mark;
- `yamls`: YAML with limits on its expanded size;
- `whole`: files that are written atomically;
- `jsons`: strict JSON, in which an undefined number is null;
- `markdown`: tables as Markdown;
- `ordered`: a `map` by threads with a bound on what waits;
- `interrupts`: Ctrl-C ends a program with one line;
- `streams`: a program goes on if its output cannot be written;
- `headlines`: the headline metrics of an evaluation;
- `amounts`: bytes and times for people;
- `faults`: errors that would fail every training of a sweep.
"""
