// The plugins of nb2prod, a line each.

import { clientPlugin, looksPlugin } from './analysis/plugin';
import { convertPlugin } from './convert/plugin';
import { runPlugin } from './run/plugin';
import { runsPlugin } from './runs/plugin';
import { schedulesPlugin } from './schedules/plugin';
import { browsingPlugin, schedulerPlugin } from './ui/plugin';

export default [
  clientPlugin,
  looksPlugin,
  schedulerPlugin,
  browsingPlugin,
  convertPlugin,
  runPlugin,
  schedulesPlugin,
  runsPlugin
];
