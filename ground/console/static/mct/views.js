// Our own views inside Open MCT: return status, panes, one window.

import { mountAlarms } from '../alarm_list.js';
import { mountCommands } from '../commands/pane.js';
import { mountPanes } from '../panes.js';
import { mountStatus } from '../status.js';
import { parse } from './names.js';

export function installTypes(openmct) {
  const type = (key, name, cssClass) => openmct.types.addType(`panewatch.${key}`, { name, cssClass, creatable: false });
  type('status', 'Return status', 'icon-check');
  type('panes', 'Panes', 'icon-circle');
  type('window', 'Window', 'icon-circle');
  type('alarms', 'Alarms', 'icon-bell');
  type('commands', 'Commands', 'icon-command');
  type('parameter', 'Parameter', 'icon-telemetry');
}

export function viewProviders(ground) {
  return [
    provider('status', 'Return status', (element) => mountStatus(element, ground)),
    provider('panes', 'Panes', (element) => mountPanes(element, ground)),
    provider('alarms', 'Alarms', (element) => mountAlarms(element, ground)),
    provider('commands', 'Commands', (element) => mountCommands(element, ground)),
    provider('window', 'Pane', (element, object) => mountPanes(element, ground, parse(object.identifier.key).unit)),
  ];
}

// `mount(element, object)` draws and returns what ends it.
function provider(type, name, mount) {
  return {
    key: `panewatch.${type}`,
    name,
    cssClass: 'icon-circle',
    canView: (object) => object.type === `panewatch.${type}`,
    priority: () => Number.MAX_SAFE_INTEGER,
    view(object) {
      let end = null;
      return {
        show(element) {
          const root = document.createElement('div');
          root.className = 'pw-view';
          element.append(root);
          end = mount(root, object);
        },
        destroy: () => end?.(),
      };
    },
  };
}
