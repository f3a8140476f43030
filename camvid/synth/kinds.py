"""The 32 classes of the original CamVid, as the numbers that a label holds."""

from enum import IntEnum


class Kind(IntEnum):
    """Index of a class in alphabetical order, the order of fastai's ``codes.txt``; names as in ``label_colors.txt``."""

    Animal = 0
    Archway = 1
    Bicyclist = 2
    Bridge = 3
    Building = 4
    Car = 5
    CartLuggagePram = 6
    Child = 7
    Column_Pole = 8
    Fence = 9
    LaneMkgsDriv = 10
    LaneMkgsNonDriv = 11
    Misc_Text = 12
    MotorcycleScooter = 13
    OtherMoving = 14
    ParkingBlock = 15
    Pedestrian = 16
    Road = 17
    RoadShoulder = 18
    Sidewalk = 19
    SignSymbol = 20
    Sky = 21
    SUVPickupTruck = 22
    TrafficCone = 23
    TrafficLight = 24
    Train = 25
    Tree = 26
    Truck_Bus = 27
    Tunnel = 28
    VegetationMisc = 29
    Void = 30
    Wall = 31
