// Our views stacked, without Open MCT: for a phone, and where Open MCT's files are missing.

import { mountAlarms } from './alarm_list.js';
import { mountCommands } from './commands/pane.js';
import { el } from './dom.js';
import { mountPanes } from './panes.js';
import { mountStatus } from './status.js';

export async function start(root, ground) {
  const status = el('div');
  const panes = el('div');
  const commands = el('div');
  const alarms = el('div');
  root.classList.add('pw-stacked');
  root.append(
    el('h2', {}, 'Return status'), status,
    el('h2', { id: 'alarms', tabindex: -1 }, 'Alarms'), alarms,
    el('h2', {}, 'Panes'), panes,
    el('h2', { id: 'commands', tabindex: -1 }, 'Commands'), commands,
  );
  mountStatus(status, ground);
  mountPanes(panes, ground);
  mountAlarms(alarms, ground);
  mountCommands(commands, ground);
}
