// The example operations, with variables for the current day.

import activity from './operations/activity.graphql';
import createEvent from './operations/create_event.graphql';
import createIssue from './operations/create_issue.graphql';
import myRegistrations from './operations/my_registrations.graphql';
import nextThirtyDays from './operations/next_30_days.graphql';
import register from './operations/register.graphql';

/** The tabs of a new visitor. */
export function exampleTabs(now) {
  const day = (days) => new Date(now.getTime() + days * 86_400_000).toISOString().slice(0, 10);
  // The first start of a rule must be one of its dates.
  const nextMonday = day(7 + ((8 - now.getUTCDay()) % 7));
  const key = (name) => `${name}-${now.toISOString().slice(0, 19)}`;
  const from = `${now.toISOString().slice(0, 19)}Z`;
  return [
    tab(nextThirtyDays, { from, to: `${day(30)}T00:00:00Z` }),
    tab(createEvent, {
      input: {
        title: 'Yoga',
        startsAt: `${nextMonday}T09:00:00`,
        duration: 'PT1H',
        capacity: 12,
        recurrence: { frequency: 'WEEKLY', byWeekday: [{ day: 'MONDAY' }, { day: 'THURSDAY' }] },
        idempotencyKey: key('yoga'),
      },
    }),
    tab(register, { input: { occurrenceId: 'evt_...', joinWaitlist: true, idempotencyKey: key('register') } }),
    tab(myRegistrations, { from }),
    tab(createIssue, {
      input: { title: 'Broken chair', description: 'Row 4, seat 12.', priority: 'LOW', idempotencyKey: key('chair') },
    }),
    tab(activity),
  ];
}

function tab(query, variables) {
  return { query, variables: variables && JSON.stringify(variables, null, 2) };
}
