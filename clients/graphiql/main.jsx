// GraphiQL for Convene. `npm run graphiql` bundles it.

import { createGraphiQLFetcher } from '@graphiql/toolkit';
import { GraphiQL } from 'graphiql';
import 'graphiql/graphiql.css';
import { createRoot } from 'react-dom/client';
import './page.css';
import { exampleTabs } from './tabs.js';

const WELCOME = `# Convene. The tabs above have examples; the button at the top left opens the description of every field.
`;

// The server puts the headers of a demo caller into the page, if there is one.
const { headers } = JSON.parse(document.getElementById('settings').textContent);
const shownHeaders = JSON.stringify(headers ?? { Authorization: 'Bearer ...' }, null, 2);

const fetcher = createGraphiQLFetcher({ url: '/graphql' });
const tabs = exampleTabs(new Date()).map((tab) => ({ ...tab, headers: shownHeaders }));
// GraphiQL takes the variables of the first tab from its properties only.
const { query, variables } = storedTab() ?? tabs[0];

createRoot(document.getElementById('graphiql')).render(
  <GraphiQL
    fetcher={fetcher}
    defaultHeaders={shownHeaders}
    defaultQuery={WELCOME}
    defaultTabs={tabs}
    headers={shownHeaders}
    query={query}
    variables={variables}
    inputValueDeprecation
    isHeadersEditorEnabled
    schemaDescription
    shouldPersistHeaders={false}
    defaultEditorToolsVisibility="variables"
  />,
);

/** The tab that was open at the last visit. Headers are not stored. */
function storedTab() {
  try {
    const { tabs: stored, activeTabIndex } = JSON.parse(localStorage.getItem('graphiql:tabState'));
    return stored[activeTabIndex];
  } catch {
    return undefined;
  }
}
