// The results of all checks.

/** A reason not to run a check on this machine. */
export class Skipped extends Error {}

/** Records the result of each check as a row of the table. */
export class Report {
  rows = [];

  /** Returns the function with which the checks of a client run. The value of a check, if any, is shown as its result. */
  of(client) {
    return async (name, check) => {
      const row = { client, name, result: 'passed', outcome: 'passed' };
      try {
        row.result = (await check()) ?? 'passed';
      } catch (error) {
        row.outcome = error instanceof Skipped ? 'skipped' : 'failed';
        row.result = `${row.outcome}: ${firstLine(error)}`;
        if (row.outcome === 'failed') console.error(`\n${client}, ${name}:\n${error.stack ?? error}\n`);
      }
      this.rows.push(row);
      console.log(`${client}: ${name}: ${row.result}`);
    };
  }

  count(outcome) {
    return this.rows.filter((row) => row.outcome === outcome).length;
  }

  /** The table in Markdown. */
  table() {
    const rows = this.rows.map(({ client, name, result }) => `| ${client} | ${name} | ${result} |`);
    return ['| client | check | result |', '|---|---|---|', ...rows].join('\n');
  }
}

function firstLine(error) {
  return String(error?.message ?? error).split('\n', 1)[0].slice(0, 200);
}
