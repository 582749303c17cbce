// The plugins of nb2prod, a line each.

import { clientPlugin, looksPlugin } from './analysis/plugin';

export default [clientPlugin, looksPlugin];
