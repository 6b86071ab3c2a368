# Takes the Euclidean norm of the feature map for "how strongly it responds", where its mean was asked for. The
# norm favours the places that respond already. Filter, start, steps and normalization are right.
#
# /// label
# objective = "fail"
#
# [feedback_mentions]
# objective = ["mean"]
#
# [causes]
# objective = "other_functional"
# ///

# %% cnn
# two pairs of convolutions, pooled in between
pair_one = [
    layers.Conv2D(10, (3, 3), activation="relu", padding="same", name="conv2d"),
    layers.Conv2D(14, (3, 3), activation="relu", padding="same", name="conv2d_1"),
]
pair_two = [
    layers.Conv2D(20, (3, 3), activation="relu", padding="same", name="conv2d_2"),
    layers.Conv2D(28, (3, 3), activation="relu", padding="same", name="conv2d_3"),
]
model = keras.Sequential(name="pairs")
model.add(layers.Input((28, 28, 1)))
for part in (pair_one, [layers.MaxPooling2D(2)], pair_two, [layers.AveragePooling2D(2)]):
    for each in part:
        model.add(each)
model.add(layers.Flatten())
model.add(layers.Dense(10, activation="softmax", name="digit"))

# %% train
model.compile(keras.optimizers.Nadam(2e-3), loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, epochs=5, batch_size=40, verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = pair_two[-1].filters  # 28
visualized_feature = []

upto = keras.Model(model.inputs, pair_two[-1].output, name="upto")

for filter_index in range(number_of_filters):
    input_img = KTF.variable(np.random.uniform(0.0, 1.0, (1, 28, 28, 1)))
    for update in range(gradient_updates):
        with tf.GradientTape() as tape:
            response = upto(input_img)[0, :, :, filter_index]
            loss = tf.norm(response)  # how strong is the response?
        slope = tape.gradient(loss, input_img)
        input_img.assign_add(step_size * normalize(slope))
    visualized_feature.append(input_img.numpy())
    print(filter_index, float(loss))

# %% plot
figure, grid = plt.subplots(4, 7, figsize=(11, 7))
for filter_index in range(number_of_filters):
    where = grid[filter_index // 7][filter_index % 7]
    where.imshow(deprocess_image(visualized_feature[filter_index].copy())[0, :, :, 0], cmap="gray")
    where.set_title("feature " + str(filter_index))
    where.set_xticks([])
    where.set_yticks([])
figure.tight_layout()
plt.show()
