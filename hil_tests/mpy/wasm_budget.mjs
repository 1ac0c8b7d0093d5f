// budget_unit.py on the 32-bit WebAssembly MicroPython: prints the most that is alive at a second.
// usage: node wasm_budget.mjs FOLDER (a board's files, compiled, and budget_unit.mpy); without: which
// .mpy files it reads (sys.implementation._mpy)

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { loadMicroPython } from "@micropython/micropython-webassembly-pyscript";

const [root] = process.argv.slice(2);
const python = await loadMicroPython({ heapsize: 1024 * 1024, linebuffer: true });
if (!root) {
  python.runPython("import sys\nprint(sys.implementation._mpy)");
  process.exit(0);
}

function copy(folder) {
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    const path = folder + "/" + entry.name;
    if (entry.isDirectory()) {
      python.FS.mkdir(path);
      copy(path);
    } else {
      python.FS.writeFile(path, readFileSync(join(root, path)));
    }
  }
}

copy("");
// Garbage goes when a call ends: each stage is a call of its own, so that little comes together.
const STAGES = ["import firmware.heap, firmware.sensors.capture", "import firmware.unit",
  "import firmware.app", "import firmware.session",
  "import fake_net; fake_net.install()", "import firmware.links.mqtt_board", "import budget_unit", "figures = {'live_bytes': 0}; seconds = budget_unit.trial('', figures)"];
python.runPython("import gc, sys\nsys.path += ['/', '/lib']");
for (const stage of STAGES) {
  python.runPython(stage + "\ngc.collect()");
}
do {
  python.runPython("on = next(seconds, 'end')\ngc.collect()");
  python.runPython("figures['live_bytes'] = max(figures['live_bytes'], gc.mem_alloc())");
} while (python.globals.get("on") !== "end");
python.runPython("for name in figures: print(name, figures[name])");
