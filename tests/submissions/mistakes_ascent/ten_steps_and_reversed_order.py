# Two mistakes: goes through the filters from the last to the first but appends to the list all the same,
# so that image i belongs to filter 31 - i; and makes ten updates instead of fifty.
#
# /// label
# objective = "fail"
# updates = "fail"
# ascent = ["pass", "partial"]
#
# [feedback_mentions]
# objective = ["order"]
# updates = ["50"]
#
# [causes]
# objective = "reversed_filters"
# updates = "other_number_of_steps"
# ///

# %% cnn
x_in = keras.Input(shape=(28, 28, 1))
z = layers.Conv2D(12, 3, padding="same", activation="elu", name="conv2d")(x_in)
z = layers.MaxPooling2D()(z)
z = layers.Conv2D(16, 3, padding="same", activation="elu", name="conv2d_1")(z)
z = layers.Conv2D(24, 3, padding="same", activation="elu", name="conv2d_2")(z)
z = layers.Conv2D(32, 3, padding="same", activation="elu", name="conv2d_3")(z)
z = layers.MaxPooling2D()(z)
z = layers.Flatten()(z)
y_out = layers.Dense(10, activation="softmax")(z)
model = keras.Model(x_in, y_out)
model.summary()

# %% train
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, epochs=3, verbose=2)
print("test accuracy", model.evaluate(x_test, y_test, verbose=0)[1])

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 32
visualized_feature = []

features = keras.Model(x_in, model.get_layer(layer_name).output)

filter_index = number_of_filters - 1
while filter_index >= 0:
    img = tf.Variable(tf.random.uniform([1, 28, 28, 1], 0.0, 1.0))
    for n in range(10):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(features(img)[..., filter_index])
        img.assign_add(step_size * normalize(tape.gradient(loss, img)))
    print(f"filter {filter_index:2d}: {float(loss):.3f}")
    visualized_feature.append(img.numpy())
    filter_index -= 1

# %% plot
figure, ax = plt.subplots(4, 8, figsize=(12, 7))
ax = ax.flatten()
for j in range(32):
    ax[j].imshow(np.squeeze(deprocess_image(visualized_feature[j].copy())), cmap="gray")
    ax[j].set_title("feature {}".format(j))
    ax[j].axis("off")
plt.tight_layout()
plt.show()
