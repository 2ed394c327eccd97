"""Many-to-many relations with receivers of ``m2m_changed``: all rows are compared after each case."""

from rest_framework.views import APIView

from library.clubs import Club, Member, Protocol


def lines():
    return [entry.line for entry in Protocol.objects.order_by("id")]


class Relations(APIView):
    # receivers of m2m_changed -----------------------------------------------------------------

    def case_told_of_add(self):
        club = Club.objects.get(name="chess")
        club.members.add(Member.objects.get(name="Cy"))
        return [lines(), club.size, Club.objects.get(name="chess").size]

    def case_told_of_add_of_several(self):
        club = Club.objects.get(name="chess")
        club.members.add(*Member.objects.exclude(name="banned"))
        return lines()

    def case_told_of_add_of_what_is_there(self):
        Club.objects.get(name="chess").members.add(1)
        return lines()

    def case_told_of_add_of_nothing(self):
        Club.objects.get(name="chess").members.add()
        return lines()

    def case_told_of_add_that_is_turned_away(self):
        try:
            Club.objects.get(name="chess").members.add(4)
        except ValueError:
            return ["no", Club.objects.get(name="chess").members.count()]
        return lines()

    def case_told_of_add_that_is_turned_away_uncaught(self):
        Club.objects.get(name="chess").members.add(3, 4)
        return lines()

    def case_told_of_remove(self):
        club = Club.objects.get(name="chess")
        club.members.remove(Member.objects.get(name="Ada"), 3)
        return [lines(), club.size]

    def case_told_of_clear(self):
        club = Club.objects.get(name="chess")
        club.members.clear()
        return [lines(), club.size]

    def case_told_of_set(self):
        club = Club.objects.get(name="chess")
        club.members.set(Member.objects.filter(name__in=["Bo", "Cy"]))
        return [lines(), club.size]

    def case_told_of_set_of_the_same(self):
        Club.objects.get(name="chess").members.set([1, 2])
        return lines()

    def case_told_of_set_twice_the_same(self):
        Club.objects.get(name="chess").members.set([1, 1])
        return lines()

    def case_told_of_set_of_nothing(self):
        Club.objects.get(name="chess").members.set([])
        return lines()

    def case_told_of_set_after_clear(self):
        club = Club.objects.get(name="chess")
        club.members.set([1, 3], clear=True)
        return [lines(), club.size]

    def case_told_of_create(self):
        club = Club.objects.get(name="chess")
        made = club.members.create(name="Dee")
        return [lines(), made.name, club.size]

    def case_told_from_the_other_side(self):
        member = Member.objects.get(name="Ada")
        member.clubs.add(Club.objects.get(name="poker"))
        member.clubs.remove(1)
        member.clubs.set([1])
        member.clubs.clear()
        member.clubs.create(name="go")
        return lines()

    def case_told_twice(self):
        for club in Club.objects.order_by("id"):
            club.members.add(3)
        return [lines(), list(Club.objects.order_by("id").values_list("size", flat=True))]

    def case_told_changes_then_saved(self):
        club = Club.objects.get(name="chess")
        club.name = "Chess"
        club.members.clear()
        club.save()
        return [Club.objects.get(pk=club.pk).name, Club.objects.get(pk=club.pk).size]

    def case_told_after_create(self):
        club = Club.objects.create(name="go")
        club.members.set([2])
        return [lines(), club.size]

    def case_told_of_rows_of_its_own(self):
        club = Club.objects.get(name="chess")
        club.guests.add(1, 2, through_defaults={"rank": 3})
        club.guests.set([2, 3])
        club.guests.clear()
        return lines()

    def case_told_nothing_of_deletion(self):
        Member.objects.get(name="Ada").delete()
        return lines()

    def case_told_nothing_of_both_sides(self):
        chess, poker = Club.objects.get(name="chess"), Club.objects.get(name="poker")
        chess.partners.add(poker, chess)
        chess.partners.remove(poker)
        poker.partners.set([chess])
        return [[club.name for club in chess.partners.order_by("id")], lines()]

    def case_told_changes_the_keys(self):
        club = Club.objects.get(name="chess")
        club.heads.add(1, 2)
        return club.heads.count()

    def case_told_writes_the_same_relation(self):
        club = Club.objects.get(name="chess")
        club.loud.add(1)
        return club.loud.count()
