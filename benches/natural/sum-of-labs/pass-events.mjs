export const needs = ["PassContext.workers"];

export async function run(db) {
  const total = await db.reduce(
    (patients) => {
      let sum = 0;
      for (const patient of patients) {
        for (const event of patient) {
          if (event.numericValue !== null && event.code.startsWith("LAB//")) sum += event.numericValue;
        }
      }
      return sum;
    },
    { threads: 2, initial: 0, merge: (a, b) => a + b },
  );
  return { total };
}
