# Eight filters at a time. The eight images are made once, before the loop over the groups, so each group goes on from
# the images of the group before it; the last one has 200 steps behind it.
#
# /// label
# images = ["pass", "partial"]
# ascent = ["pass", "partial"]
# objective = ["pass", "partial", "fail"]
# updates = ["pass", "partial", "fail"]
#
# [causes]
# objective = "previous_image"
# updates = "previous_image"
# ///

# %% cnn
model = keras.Sequential(
    [
        layers.Input((28, 28, 1)),
        layers.Conv2D(16, 3, padding="same", activation="relu", name="conv2d"),
        layers.MaxPooling2D(),
        layers.Conv2D(16, 3, padding="same", activation="relu", name="conv2d_1"),
        layers.Conv2D(24, 3, padding="same", activation="relu", name="conv2d_2"),
        layers.MaxPooling2D(),
        layers.Conv2D(32, 3, padding="same", activation="softplus", name="conv2d_3"),
        layers.GlobalAveragePooling2D(),
        layers.Dense(10, activation="softmax"),
    ]
)

# %% train
model.compile(keras.optimizers.Adam(5e-3), "categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, batch_size=16, epochs=8, verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 32
GROUP = 8
visualized_feature = []

maps_of = keras.Model(model.inputs, model.get_layer(layer_name).output)
images = tf.Variable(tf.random.uniform((GROUP, 28, 28, 1)))

for first in range(0, number_of_filters, GROUP):
    which = tf.range(first, first + GROUP)
    for update in range(gradient_updates):
        with tf.GradientTape() as tape:
            means = tf.reduce_mean(maps_of(images), axis=(1, 2))
            own = tf.gather(means, which, axis=1, batch_dims=0)
            loss = tf.reduce_sum(tf.linalg.diag_part(own))
        grads = tape.gradient(loss, images)
        images.assign_add(step_size * tf.stack([normalize(one) for one in grads]))
    visualized_feature += list(images.numpy())
    print(f"filters {first} to {first + GROUP - 1}: {loss / GROUP:.3f}")

# %% plot
figure, axs = plt.subplots(4, 8, figsize=(14, 8))
for k in range(number_of_filters):
    axs[k // 8, k % 8].imshow(deprocess_image(visualized_feature[k].copy())[:, :, 0], cmap="gray")
    axs[k // 8, k % 8].set_title(f"feature {k}")
    axs[k // 8, k % 8].axis("off")
plt.show()
