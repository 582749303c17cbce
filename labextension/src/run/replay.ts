// The failed step of a run as a notebook: begun under the first name that is free.

import { Client, Refusal } from '../api';
import { OperationModel } from '../convert/operation';
import { freeNames } from './places';

/** Raises Refusal: of the last name, when all are taken. */
export async function beginReplay(
  client: Pick<Client, 'request'>,
  run: string,
  step: string,
  folder: string
): Promise<OperationModel<{ path: string }>> {
  let taken: unknown;
  for (const path of freeNames(folder, `${step}.replay`)) {
    try {
      return await OperationModel.start(client, { verb: 'replay', run, step, path });
    } catch (error) {
      if (!(error instanceof Refusal) || error.status !== 409) {
        throw error;
      }
      taken = error;
    }
  }
  throw taken;
}
