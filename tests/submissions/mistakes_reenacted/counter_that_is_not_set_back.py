# An endless loop with a break, whose condition looks at the wrong counter: it begins at -50, "because the first ones
# do not count", so that every image makes 100 steps. The noise is normal noise; that is fine.
#
# /// label
# updates = ["partial", "fail"]
#
# [feedback_mentions]
# updates = ["100 "]
#
# [causes]
# updates = "other_number_of_steps"
# ///

# %% cnn
model = keras.Sequential(
    [
        layers.Input(shape=(28, 28, 1)),
        layers.Conv2D(10, 3, padding="same", activation="relu", name="conv2d"),
        layers.Conv2D(10, 3, strides=(2, 2), padding="same", activation="relu", name="conv2d_1"),
        layers.Conv2D(20, 3, padding="same", activation="relu", name="conv2d_2"),
        layers.Conv2D(20, 3, strides=(2, 2), padding="same", activation="leaky_relu", name="conv2d_3"),
        layers.Flatten(),
        layers.Dense(10, activation="softmax"),
    ]
)

# %% train
model.compile(keras.optimizers.RMSprop(2e-3), "categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, 16, 4, verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 20
visualized_feature = []

looking_at = keras.Model(model.inputs, model.get_layer(layer_name).output)
generator = np.random.default_rng(11)

for filter_index in range(number_of_filters):
    picture = tf.Variable(generator.normal(0.5, 0.3, (1, 28, 28, 1)), dtype=tf.float32)
    done = -gradient_updates  # warm up, the first ones do not count
    while True:
        if done == gradient_updates:
            break
        with tf.GradientTape() as tape:
            excitement = tf.reduce_mean(looking_at(picture)[:, :, :, filter_index])
        direction = normalize(tape.gradient(excitement, picture))
        picture.assign_add(step_size * direction)
        done += 1
    visualized_feature.append(picture.numpy()[0])

# %% plot
figure, rows = plt.subplots(4, 5, figsize=(9, 8))
number = 0
for row in rows:
    for ax in row:
        ax.imshow(deprocess_image(visualized_feature[number].copy())[..., 0], cmap="gray")
        ax.set_title(f"feature {number}", size=9)
        ax.axis("off")
        number += 1
plt.show()
