// The plugins of nb2prod, a line each.

import { clientPlugin, looksPlugin } from './analysis/plugin';
import { schedulerPlugin } from './ui/plugin';

export default [clientPlugin, looksPlugin, schedulerPlugin];
