// The firmware's simulation on the 32-bit WebAssembly MicroPython.
// usage: node wasm_sim.mjs ROOT CONFIG TABLE OUT (paths on this computer; CONFIG names /table.json)

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { loadMicroPython } from "@micropython/micropython-webassembly-pyscript";

const [root, config, table, out] = process.argv.slice(2);
const python = await loadMicroPython({ heapsize: 1024 * 1024, linebuffer: true });

function copy(folder) {
  python.FS.mkdir("/" + folder);
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    const path = folder + "/" + entry.name;
    if (entry.isDirectory() && entry.name !== "__pycache__") {
      copy(path);
    } else if (entry.name.endsWith(".py")) {
      python.FS.writeFile("/" + path, readFileSync(join(root, path)));
    }
  }
}

copy("firmware");
python.FS.mkdir("/protocol");
python.FS.writeFile("/protocol/__init__.py", "");
copy("protocol/wire");
python.FS.writeFile("/config.json", readFileSync(config));
python.FS.writeFile("/table.json", readFileSync(table));
python.runPython(`
import sys
sys.path.append("/")
from firmware.sim import main
code = main(["/config.json", "/out"])
`);
writeFileSync(out, python.FS.readFile("/out"));
process.exit(python.globals.get("code"));
