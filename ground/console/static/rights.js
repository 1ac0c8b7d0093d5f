// Whether who is here may act, and how a hazardous command is confirmed.

import { api } from './api.js';

const ACTING = ['operator', 'admin'];

// Why nothing can be done from here; '' when it can. `what`: what one would do.
export function whyNot(what = 'command') {
  const { user, role } = api.session;
  if (user && !ACTING.includes(role)) return `${user} may look, not ${what}: this needs the role operator, not ${role}.`;
  try {
    api.requireRight();
    return '';
  } catch (error) {
    return error.message.replace('Nothing was done: ', '');
  }
}

export const needsSecondPerson = () => Boolean(api.session.second_person);
