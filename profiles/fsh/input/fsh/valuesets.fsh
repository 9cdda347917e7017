// What value sets have in common.

RuleSet: HmList
* ^experimental = false
