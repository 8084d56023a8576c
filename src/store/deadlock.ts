/** The order in which rows are locked keeps deadlocks rare; where one happens, PostgreSQL undoes one side entirely. */

const deadlockDetected = '40P01';
const mostAttempts = 5;

/** Runs a statement or transaction again that was the victim of a deadlock: nothing of it had any effect. */
export async function againAfterDeadlock<T>(attempt: () => Promise<T>): Promise<T> {
  for (let attempts = 1; ; attempts++) {
    try {
      return await attempt();
    } catch (error) {
      const isVictim = (error as { code?: string }).code === deadlockDetected;
      if (!isVictim || attempts === mostAttempts) throw error;
    }
  }
}
