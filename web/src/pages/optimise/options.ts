// What the product `optimize` offers, as its catalogue row has it. The platform checks each choice and names what it refuses.

export interface Option {
  name: "aspectRatio" | "outputFormat";
  label: string;
  choices: readonly { value: string; words: string }[];
}

const RATIOS = ["1:1", "4:5", "3:4", "2:3", "9:16", "5:4", "4:3", "3:2", "16:9", "21:9"];

/** The first choice of each is the platform's own and is not sent. */
export const OPTIONS: readonly Option[] = [
  {
    name: "aspectRatio",
    label: "Aspect",
    choices: [{ value: "", words: "Original" }, ...RATIOS.map((value) => ({ value, words: value }))],
  },
  {
    name: "outputFormat",
    label: "Format",
    choices: [
      { value: "", words: "JPEG" },
      { value: "png", words: "PNG" },
    ],
  },
];
