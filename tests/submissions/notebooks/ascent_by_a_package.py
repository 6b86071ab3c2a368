# Lets a package do the ascent that is not installed where it is graded (and is not what was asked). Nobody
# can tell here what it would have given.
#
# /// label
# images = "review"
# ascent = "review"
# objective = "review"
# updates = "review"
# plot = ["review", "fail"]
#
# [feedback_mentions]
# ascent = ["xplique"]
# images = ["xplique"]
# ///

# %% cnn
model = keras.Sequential(name="reader")
model.add(layers.Input((28, 28, 1)))
model.add(layers.Conv2D(12, 5, activation="relu", name="conv2d"))
model.add(layers.Conv2D(16, 3, activation="relu", name="conv2d_1"))
model.add(layers.MaxPooling2D())
model.add(layers.Conv2D(16, 3, padding="same", activation="relu", name="conv2d_2"))
model.add(layers.Conv2D(20, 3, padding="same", activation="relu", name="conv2d_3"))
model.add(layers.Flatten())
model.add(layers.Dropout(0.25))
model.add(layers.Dense(10, activation="softmax"))

# %% train
model.compile("nadam", "categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, epochs=4, batch_size=32, shuffle=True, verbose=2)
print("loss per epoch:", np.round(results.history["loss"], 3))

# %% ascent
# why write it again if there is a package for it
from xplique.features_visualizations import Objective, optimize

layer_name = "conv2d_3"
wishes = [Objective.channel(model, layer_name, channel) for channel in range(20)]
visualized_feature = []
for wish in wishes:
    pictures, _ = optimize(wish, nb_steps=gradient_updates)
    visualized_feature.append(pictures[-1])

# %% plot
figure, rows = plt.subplots(4, 5, figsize=(8, 7), layout="constrained")
number = 0
for row in rows:
    for panel in row:
        panel.imshow(np.squeeze(deprocess_image(np.array(visualized_feature[number]))), cmap="gray")
        panel.set(title=f"feature {number}", xticks=[], yticks=[])
        number += 1
plt.show()
