"""Seeded stories: the coherent work of the mediators of a municipality over some months, as activities.

A story is what happens to somebody, told by functions of one subject each (`pregnancy`, `syphilis`, `families`,
`wards`, `papers`, `community`, `moving`); `telling` chooses among them until the work model of the municipality is
met. `carried` leaves of an activity what the municipality's form can say, so that what was told and what is read are
the same. `changes` tells the second phase. Nobody in any story exists.
"""
